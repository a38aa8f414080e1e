-- What it finds: windows that have been counted before, with everything that was counted, where counting them again would
--   say the same; and where it would not, but the days of the window were counted each by itself, those of its days on which
--   something has changed since, with what was counted of them then. They alone are counted again.
-- As of: the end of $1 (data through). A window that was counted to another day is as good as new once nothing in it can be
--   newer: from holds_from on.
-- Leaves out: other windows in which anything has changed since, even if it comes to the same in the end; those that another
--   version of the program has counted ($3 is this one's digest); and those of another cluster, whose transactions have
--   other numbers (a copy of the database brings the rows along).
-- $2 are the windows' last days; $4 says whether all is wanted, or only M1 and M2.
SELECT
  k.window_end,
  k.rates,
  CASE WHEN $4 THEN k.rest END AS rest,
  c.days AS changed,
  (
    SELECT json_agg(CASE WHEN $4 THEN d.counts ELSE json_build_object('Rates', d.counts -> 'Rates') END)
    FROM kept_day d
    WHERE d.window_end = k.window_end
      AND d.day = ANY (c.days)
  ) AS changed_from
FROM kept_window k
CROSS JOIN LATERAL (
  SELECT array_agg(DISTINCT day ORDER BY day) AS days
  FROM changed_day
  WHERE day BETWEEN k.window_start AND k.window_end
    AND NOT pg_visible_in_snapshot(changed_by, k.as_of)
) c
WHERE k.window_end = ANY ($2::date[])
  AND (k.data_through = $1::date OR k.holds_from <= $1::date)
  AND k.made_by = $3
  AND k.cluster = (SELECT system_identifier FROM pg_control_system())
  AND (c.days IS NULL OR k.by_day)
ORDER BY k.window_end
