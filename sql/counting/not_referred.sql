-- What it counts: releases recorded as "need but not referred" with every other test of eligibility met (S6): a rate can be
--   raised by not referring, and this is where it would show.
-- As of: the end of $1 (data through).
-- Leaves out: rows set aside for an earlier reason. Reasons are taken in their order (not a release, other partnership,
--   under 18, no consent, no referral made), so one of the last two says that the tests before it are met.
-- Not to be read as: people. These rows carry no name.
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[r.exit_on - $2::date + 1] AS stretch,
  count(*) AS releases
FROM referral r
WHERE r.exit_on BETWEEN $2::date AND least($1::date, $2::date + cardinality($3::int[]) - 1)
  AND ($4::date[] IS NULL OR r.exit_on = ANY ($4::date[]))
  AND r.referral_status = 'need_not_referred'
  AND r.discharge_reason = 'transferred_not_in_custody'
  AND r.exit_reason = 'RELEASED'
  AND r.set_aside IN ('no consent', 'no referral made')
  AND r.withdrawn_on IS NULL
GROUP BY 1
