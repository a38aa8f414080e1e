-- What it counts: eligible releases by the days from referral to release (S4), and with them who is on opioid substitution
--   (S8), had naloxone (S9), attends SMART in prison (S10) and was referred to RECONNECT (S11).
-- As of: the end of $1 (data through) for the release; what was recorded of the person as it stands.
-- Leaves out: the same releases as rate.sql. The referral date is the prison's, else the day the provider received it;
--   with neither, lead_days is null.
-- Not to be read as: naloxone offered. Only naloxone given is true.
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[r.released_on - $2::date + 1] AS stretch,
  r.released_on - coalesce(r.referred_on, r.received_on) AS lead_days,
  count(*) AS releases,
  count(r.opioid_substitution) AS on_substitution,
  count(*) FILTER (WHERE r.substance_group = 'opiate') AS opiate,
  count(*) FILTER (WHERE r.substance_group = 'opiate' AND r.naloxone_supplied) AS with_naloxone,
  count(*) FILTER (WHERE r.substance_group = 'opiate' AND r.naloxone_supplied IS NULL) AS naloxone_not_recorded,
  count(*) FILTER (WHERE r.attends_smart IS NULL) AS smart_not_recorded,
  count(*) FILTER (WHERE r.reconnect_referred) AS to_reconnect,
  count(*) FILTER (WHERE r.reconnect_referred IS NULL) AS reconnect_not_recorded
FROM referral r
WHERE r.released_on BETWEEN $2::date AND least($1::date, $2::date + cardinality($3::int[]) - 1)
  AND ($4::date[] IS NULL OR r.released_on = ANY ($4::date[]))
  AND r.set_aside IS NULL
  AND r.withdrawn_on IS NULL
  AND r.provider IS NOT NULL
GROUP BY 1, 2
