-- What it counts: eligible releases of people with whom the criminal justice intervention team (CJIT) had contact.
-- As of: the end of $1 (data through): contacts dated later are not known yet.
-- Leaves out: contacts taken back.
-- Not to be read as: pick-ups. A CJIT contact is none (measure.md, "Pick-up").
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[r.released_on - $2::date + 1] AS stretch,
  count(DISTINCT r.id) AS releases
FROM contact c
JOIN referral r ON r.id = c.referral_id
WHERE c.kind = 'cjit'
  AND c.undone_at IS NULL
  AND c.contact_on <= $1::date
  AND r.released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
  AND ($4::date[] IS NULL OR r.released_on = ANY ($4::date[]))
  AND r.set_aside IS NULL
  AND r.withdrawn_on IS NULL
  AND r.provider IS NOT NULL
GROUP BY 1
