-- What it counts: eligible releases of people attending SMART in prison, and how many of them came to a SMART meeting in the
--   community within 28 days of release (S10).
-- As of: the end of $1 (data through); a release counts once its 28 days are over.
-- Leaves out: people of whom it is not recorded whether they attend SMART in prison (lead_time.sql counts them).
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[r.released_on - $2::date + 1] AS stretch,
  count(*) AS attending,
  count(*) FILTER (WHERE EXISTS (
    SELECT FROM contact c
    WHERE c.referral_id = r.id
      AND c.kind = 'smart_community'
      AND c.undone_at IS NULL
      AND c.contact_on - r.released_on BETWEEN 0 AND 28
  )) AS went_on
FROM referral r
WHERE r.released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
  AND ($4::date[] IS NULL OR r.released_on = ANY ($4::date[]))
  AND r.set_aside IS NULL
  AND r.withdrawn_on IS NULL
  AND r.provider IS NOT NULL
  AND r.attends_smart
  AND r.released_on + 28 <= $1::date
GROUP BY 1
