-- What it counts: eligible releases, by day of release and of pick-up, for M1, M2, their breakdowns, S5, S7 and S12.
-- As of: the end of $1 (data through). A pick-up dated after it is not known yet; one recorded late but dated in time is.
-- Leaves out: what was set aside (measure.md, "Words"), what was withdrawn before release, what no provider was told of,
--   and pick-ups before the release or more than 92 days after it, which are no pick-up of this release.
-- Not to be read as: people. Somebody released twice is here twice; people.sql has the difference.
-- $2 is the first day; $3 gives each day from it on the number of the stretch of days that it lies in. Windows are
-- made of whole stretches, so one pass over the rows serves every window.
SELECT
  ($3::int[])[r.released_on - $2::date + 1] AS stretch,
  ($3::int[])[r.picked_up_on - $2::date + 1] AS picked_up_stretch, -- null when after the last window
  width_bucket(r.picked_up_on - r.released_on, '{1,4,8,15,22}') AS band, -- null without pick-up; 5 is too late for M2
  r.breakdown,
  count(*) AS releases
FROM (
  SELECT
    released_on,
    CASE WHEN picked_up_on <= $1::date AND picked_up_on - released_on BETWEEN 0 AND 92 THEN picked_up_on END AS picked_up_on,
    breakdown
  FROM referral
  WHERE released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
    AND set_aside IS NULL
    AND withdrawn_on IS NULL
    AND provider IS NOT NULL
) r
GROUP BY 1, 2, 3, 4
