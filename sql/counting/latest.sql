-- What it finds: the latest day of an appointment or a contact with the criminal justice intervention team of the releases
--   of each month. Until the data cover that day, time alone may change what is counted of the month; everything else that
--   is held against the last day of the data lies within 92 days of the release.
-- Leaves out: what was taken back.
-- $1 and $2 are the first and the last day of release.
SELECT
  date_trunc('month', r.released_on::timestamp)::date AS month,
  max(f.on_day) AS latest
FROM referral r
JOIN (
  SELECT referral_id, greatest(booked_on, on_day) AS on_day
  FROM appointment
  WHERE undone_at IS NULL
  UNION ALL
  SELECT referral_id, contact_on
  FROM contact
  WHERE kind = 'cjit'
    AND undone_at IS NULL
) f ON f.referral_id = r.id
WHERE r.released_on BETWEEN $1::date AND $2::date
GROUP BY 1
