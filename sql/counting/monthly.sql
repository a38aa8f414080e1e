-- What it counts: eligible releases of each calendar month, and those picked up within 21 days: M2 by month of release, for
--   the control chart.
-- As of: the end of $1 (data through). Only mature months are asked for: those whose last day is at least 21 days before it.
-- Leaves out: the same releases as rate.sql. A month without releases has no row.
-- Not to be read as: the rolling rate. Consecutive rolling windows share their releases; months share none.
-- $2 is the first day; $3 the month of each day from it on, counted from 0.
SELECT
  ($3::int[])[r.released_on - $2::date + 1] AS month,
  count(*) AS releases,
  count(*) FILTER (WHERE r.picked_up_on <= $1::date AND r.picked_up_on - r.released_on BETWEEN 0 AND 21) AS picked_up
FROM referral r
WHERE r.released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
  AND r.set_aside IS NULL
  AND r.withdrawn_on IS NULL
  AND r.provider IS NOT NULL
GROUP BY 1
