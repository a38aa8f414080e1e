-- Put before any statement of this folder, this makes it see what was known at the moment $5: each table below takes the
-- place of the real one. Facts that decide whether and where a release counts have a history (referral_was); so have
-- pick-ups, closures, appointments and contacts. The rest of a referral (medicine, naloxone, SMART, RECONNECT, and the
-- words of a file's row) is taken as it stands today.
WITH known AS (
  SELECT id, prison, provider, referred_on, received_on, released_on, set_aside, age_at_release, sex, substance_group, withdrawn_on
  FROM public.referral
  WHERE known_from <= $5::timestamptz
  UNION ALL
  SELECT referral_id, prison, provider, referred_on, received_on, released_on, set_aside, age_at_release, sex, substance_group, withdrawn_on
  FROM public.referral_was
  WHERE known_from <= $5::timestamptz
    AND known_until > $5::timestamptz
),
referral AS (
  SELECT
    k.id, now.person_id, k.provider, k.referred_on, k.received_on, k.released_on, k.set_aside, k.substance_group, k.withdrawn_on,
    breakdown_of(k.prison, k.substance_group, k.sex, k.age_at_release, coalesce(k.referred_on, k.received_on), k.released_on) AS breakdown,
    p.picked_up_on,
    now.exit_on, now.exit_reason, now.discharge_reason, now.referral_status,
    now.opioid_substitution, now.bridging_until, now.naloxone_supplied, now.attends_smart, now.reconnect_referred
  FROM known k
  JOIN public.referral now ON now.id = k.id
  LEFT JOIN public.pickup p ON p.referral_id = k.id
    AND p.recorded_at <= $5::timestamptz
    AND coalesce(p.undone_at > $5::timestamptz, true)
),
release_again AS (
  SELECT released_on, earlier_on
  FROM (
    SELECT released_on, lag(released_on) OVER (PARTITION BY person_id ORDER BY released_on) AS earlier_on
    FROM referral
    WHERE released_on IS NOT NULL
      AND set_aside IS NULL
      AND withdrawn_on IS NULL
      AND provider IS NOT NULL
  ) r
  WHERE earlier_on IS NOT NULL
),
closure AS (
  SELECT referral_id, reason, closed_on, CAST(NULL AS timestamptz) AS undone_at
  FROM public.closure
  WHERE recorded_at <= $5::timestamptz
    AND coalesce(undone_at > $5::timestamptz, true)
),
appointment AS (
  SELECT
    referral_id, slot_id, provider_row_id, booked_on, on_day, CAST(NULL AS timestamptz) AS undone_at, outcome_at,
    CASE WHEN outcome_at <= $5::timestamptz THEN outcome END AS outcome
  FROM public.appointment
  WHERE booked_at <= $5::timestamptz
    AND coalesce(undone_at > $5::timestamptz, true)
),
contact AS (
  SELECT referral_id, kind, contact_on, CAST(NULL AS timestamptz) AS undone_at
  FROM public.contact
  WHERE recorded_at <= $5::timestamptz
    AND coalesce(undone_at > $5::timestamptz, true)
)
