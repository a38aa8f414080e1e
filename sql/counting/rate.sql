-- What it counts: eligible releases, by day of release and of pick-up, for M1, M2, their breakdowns, S5, S7 and S12.
-- As of: the end of $1 (data through). A pick-up dated after it is not known yet; one recorded late but dated in time is.
-- Leaves out: what was set aside (measure.md, "Words"), what was withdrawn before release, what no provider was told of,
--   and pick-ups before the release or more than 92 days after it, which are no pick-up of this release.
-- Not to be read as: people. Somebody released twice is here twice; people.sql has the difference.
-- $2 is the first day; $3 gives each day from it on the number of the stretch of days that it lies in. Windows are
-- made of whole stretches, so one pass over the rows serves every window. $4 are the days of release that are counted; null
-- counts all of them.
-- cell is three numbers in one: the stretch of the release (times 10,000), that of the pick-up (times 10; 999 for none, or
-- one after the last window), and the band of days between them (0, 1-3, 4-7, 8-14, 15-21, 22-92; 9 for no pick-up).
-- Grouped by one number, PostgreSQL expects few groups and adds up in each of its workers.
SELECT
  ($3::int[])[r.released_on - $2::date + 1] * 10000
    + coalesce(($3::int[])[r.picked_up_on - $2::date + 1], 999) * 10
    + coalesce(width_bucket(r.picked_up_on - r.released_on, '{1,4,8,15,22}'), 9) AS cell,
  r.breakdown,
  count(*) AS releases
FROM (
  SELECT
    released_on,
    CASE WHEN picked_up_on <= $1::date AND picked_up_on - released_on BETWEEN 0 AND 92 THEN picked_up_on END AS picked_up_on,
    breakdown
  FROM referral
  WHERE released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
    AND ($4::date[] IS NULL OR released_on = ANY ($4::date[]))
    AND set_aside IS NULL
    AND withdrawn_on IS NULL
    AND provider IS NOT NULL
) r
GROUP BY 1, 2
