-- What it counts: eligible releases, by day of release and of pick-up, for M1 and M2 alone: the history since the first release.
-- As of, leaves out, and not to be read as: as in rate.sql, without the breakdowns, so that ten years are few groups.
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
-- cell is three numbers in one: the stretch of the release (times 10,000), that of the pick-up (times 10; 999 for none, or
-- one after the last window), and 1 for a pick-up within 21 days, else 0.
SELECT
  ($3::int[])[r.released_on - $2::date + 1] * 10000
    + coalesce(($3::int[])[r.picked_up_on - $2::date + 1], 999) * 10
    + CASE WHEN r.picked_up_on - r.released_on <= 21 THEN 1 ELSE 0 END AS cell,
  count(*) AS releases
FROM (
  SELECT
    released_on,
    CASE WHEN picked_up_on <= $1::date AND picked_up_on - released_on BETWEEN 0 AND 92 THEN picked_up_on END AS picked_up_on
  FROM referral
  WHERE released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
    AND ($4::date[] IS NULL OR released_on = ANY ($4::date[]))
    AND set_aside IS NULL
    AND withdrawn_on IS NULL
    AND provider IS NOT NULL
) r
GROUP BY 1
