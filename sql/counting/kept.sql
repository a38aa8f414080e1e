-- What it finds: windows that have been counted before, with everything that was counted, where counting them again would
--   say the same.
-- As of: the end of $1 (data through). A window that was counted to another day is as good as new once nothing in it can be
--   newer: from holds_from on.
-- Leaves out: windows in which anything has changed since, even if it comes to the same in the end; those that another
--   version of the program has counted ($3 is this one's digest); and those of another cluster, whose transactions have
--   other numbers (a copy of the database brings the rows along).
-- $2 are the windows' last days; $4 says whether all is wanted, or only M1 and M2.
SELECT
  k.window_end,
  k.rates,
  CASE WHEN $4 THEN k.rest END AS rest
FROM kept_window k
WHERE k.window_end = ANY ($2::date[])
  AND (k.data_through = $1::date OR k.holds_from <= $1::date)
  AND k.made_by = $3
  AND k.cluster = (SELECT system_identifier FROM pg_control_system())
  AND NOT EXISTS (
    SELECT FROM changed_month c
    WHERE c.month BETWEEN date_trunc('month', k.window_start::timestamp)::date AND k.window_end
      AND NOT pg_visible_in_snapshot(c.changed_by, k.as_of)
  )
ORDER BY k.window_end
