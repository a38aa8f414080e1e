-- What it counts: of eligible releases that have an appointment, how many had it by the day of release (S1), how many were
--   offered one 0 to 21 days after it (S2), appointments kept and missed (S3), bridging prescriptions that reach the first
--   appointment (S8), and how many came to one at all (the funnel).
-- As of: the end of $1 (data through): appointments booked later are not known yet, nor what became of one later. What a
--   provider's list brought is known by the day it was offered for, in booked_on. Somebody may have come on another day; on
--   an earlier one, that they came is known by then, and what they were offered is not yet.
-- Leaves out: appointments that were cancelled before the release, in S1, S2 and S8: nobody left the prison with them.
--   Cancelled ones are in neither part of S3.
-- Not to be read as: people who came. One person may miss twice and come once.
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[a.released_on - $2::date + 1] AS stretch,
  count(a.booked_on) AS day_known,
  count(*) FILTER (WHERE a.booked_on <= a.released_on) AS booked,
  count(*) FILTER (WHERE a.first_on - a.released_on <= 21) AS offered,
  sum(a.attended)::bigint AS attended,
  sum(a.missed)::bigint AS missed,
  count(*) FILTER (WHERE a.attended > 0) AS came,
  count(*) FILTER (WHERE a.opioid_substitution IS NOT NULL AND a.bridging_until IS NOT NULL AND a.first_on IS NOT NULL) AS bridging_known,
  count(*) FILTER (WHERE a.opioid_substitution IS NOT NULL AND a.bridging_until >= a.first_on) AS bridged
FROM (
  SELECT
    r.released_on,
    r.opioid_substitution,
    r.bridging_until,
    min(p.booked_on) FILTER (WHERE p.known AND p.stood) AS booked_on,
    min(p.offered_on) FILTER (WHERE p.known AND p.stood AND p.offered_on >= r.released_on) AS first_on,
    count(*) FILTER (WHERE p.outcome IN ('attended', 'attended_late') AND p.on_day <= $1::date) AS attended,
    count(*) FILTER (WHERE p.outcome = 'did_not_attend' AND p.on_day <= $1::date) AS missed
  FROM referral r
  JOIN LATERAL (
    SELECT
      booked_on,
      on_day,
      CASE WHEN slot_id IS NULL AND provider_row_id IS NOT NULL THEN coalesce(booked_on, on_day) ELSE on_day END AS offered_on,
      outcome,
      coalesce(booked_on, on_day) <= $1::date AS known,
      coalesce(outcome <> 'cancelled' OR (outcome_at AT TIME ZONE 'Europe/London')::date >= r.released_on, true) AS stood
    FROM appointment
    WHERE referral_id = r.id
      AND undone_at IS NULL
      AND least(booked_on, on_day) <= $1::date
  ) p ON true
  WHERE r.released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
    AND ($4::date[] IS NULL OR r.released_on = ANY ($4::date[]))
    AND r.set_aside IS NULL
    AND r.withdrawn_on IS NULL
    AND r.provider IS NOT NULL
  GROUP BY r.id, r.released_on, r.opioid_substitution, r.bridging_until
) a
GROUP BY 1
