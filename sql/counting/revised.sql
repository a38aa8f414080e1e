-- What it says: why figures of an earlier window changed between two reports, as yes or no for each reason.
-- As of: what was recorded after the moment $1, up to the moment $2, about releases (or former releases) of the days $3 to $4.
-- Leaves out: how many each reason concerned, since that could be one person; and pick-ups after the window, which the
--   rolling rate does not count.
-- Not to be read as: the size of a change. Two reasons may have moved the rate in opposite directions.
WITH counted AS (
  SELECT id, released_on
  FROM referral
  WHERE released_on BETWEEN $3::date AND $4::date
    AND set_aside IS NULL
    AND withdrawn_on IS NULL
    AND provider IS NOT NULL
),
before AS (
  SELECT
    w.referral_id, w.released_on,
    w.set_aside IS NULL AND w.withdrawn_on IS NULL AND w.provider IS NOT NULL AND w.released_on IS NOT NULL AS counts
  FROM referral_was w
  WHERE w.known_from <= $1::timestamptz
    AND w.known_until > $1::timestamptz
    AND w.known_until <= $2::timestamptz
),
was AS (
  SELECT b.counts, b.released_on AS was_on, r.released_on,
    r.set_aside IS NULL AND r.withdrawn_on IS NULL AND r.provider IS NOT NULL AND r.released_on IS NOT NULL AS counts_now
  FROM before b
  JOIN referral r ON r.id = b.referral_id
  WHERE b.released_on BETWEEN $3::date AND $4::date
     OR r.released_on BETWEEN $3::date AND $4::date
),
gained AS (
  SELECT p.referral_id
  FROM pickup p
  JOIN counted c ON c.id = p.referral_id
  WHERE p.recorded_at > $1::timestamptz
    AND p.recorded_at <= $2::timestamptz
    AND coalesce(p.undone_at > $2::timestamptz, true)
    AND p.picked_up_on BETWEEN c.released_on AND $4::date
),
lost AS (
  SELECT p.referral_id, p.provider_row_id
  FROM pickup p
  JOIN counted c ON c.id = p.referral_id
  WHERE p.recorded_at <= $1::timestamptz
    AND p.undone_at > $1::timestamptz
    AND p.undone_at <= $2::timestamptz
),
put_right AS (
  SELECT l.referral_id
  FROM lost l
  JOIN pickup p ON p.referral_id = l.referral_id
  WHERE p.recorded_at > $1::timestamptz
    AND p.recorded_at <= $2::timestamptz
)
SELECT
  EXISTS (SELECT FROM gained WHERE referral_id NOT IN (SELECT referral_id FROM lost)) AS late_pick_up,
  EXISTS (
    SELECT FROM lost
    WHERE provider_row_id IS NOT NULL
      AND referral_id NOT IN (SELECT referral_id FROM put_right)
  ) AS link_undone,
  EXISTS (
    SELECT FROM lost
    WHERE provider_row_id IS NULL
      AND referral_id NOT IN (SELECT referral_id FROM put_right)
  ) AS taken_back,
  EXISTS (SELECT FROM put_right)
    OR EXISTS (SELECT FROM was WHERE counts AND counts_now AND was_on IS DISTINCT FROM released_on) AS date_corrected,
  EXISTS (SELECT FROM was WHERE counts AND NOT counts_now) AS withdrawn,
  EXISTS (SELECT FROM was WHERE NOT counts AND counts_now AND was_on IS NOT NULL) AS corrected,
  EXISTS (SELECT FROM was WHERE NOT counts AND counts_now AND was_on IS NULL)
    OR EXISTS (
      SELECT FROM counted c
      JOIN referral r ON r.id = c.id
      WHERE r.received_at > $1::timestamptz
        AND r.received_at <= $2::timestamptz
    ) AS late_release
