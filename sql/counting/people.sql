-- What it counts: releases of somebody whose release before lies close enough to be in the same window. People in a window
--   are its releases less these with both days inside it.
-- As of: the end of $1 (data through).
-- Leaves out: the same releases as rate.sql; the table holds counted ones only.
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[a.released_on - $2::date + 1] AS stretch,
  ($3::int[])[a.earlier_on - $2::date + 1] AS earlier_stretch,
  count(*) AS releases
FROM release_again a
WHERE a.earlier_on >= $2::date
  AND a.released_on <= least($1::date, $2::date + cardinality($3::int[]) - 1)
  AND ($4::date[] IS NULL OR a.released_on = ANY ($4::date[]))
GROUP BY 1, 2
