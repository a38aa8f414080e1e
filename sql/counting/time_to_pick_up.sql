-- What it counts: mature releases by the day, 0 to 92, on which each was picked up, or was last known not to
--   be: the input of the Kaplan-Meier curve of time to pick-up (S5).
-- As of: the end of $1 (data through): whoever is not picked up by then is known to wait until then, and no longer.
-- Leaves out: the same releases as rate.sql, and those not mature. Death, return to custody and a move out of the area end
--   the wait without a pick-up when they are dated before it; on the same day it counts as picked up. A pick-up by another
--   provider and a refusal do not end it.
-- Not to be read as: how many were picked up. Somebody whose wait ended earlier may yet have been.
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[w.released_on - $2::date + 1] AS stretch,
  CASE WHEN w.picked_up THEN w.waited ELSE least(w.waited, w.ended, 92) END AS day,
  w.picked_up,
  count(*) AS releases
FROM (
  SELECT
    e.released_on,
    e.ended,
    coalesce(e.waited <= e.ended, e.waited IS NOT NULL) AS picked_up,
    coalesce(e.waited, $1::date - e.released_on) AS waited
  FROM (
    SELECT
      r.released_on,
      CASE WHEN r.picked_up_on <= $1::date AND r.picked_up_on - r.released_on BETWEEN 0 AND 92 THEN r.picked_up_on - r.released_on END AS waited,
      min(c.closed_on) - r.released_on AS ended
    FROM referral r
    LEFT JOIN closure c ON c.referral_id = r.id
      AND c.undone_at IS NULL
      AND c.reason IN ('died', 'returned_to_custody', 'moved_area')
      AND c.closed_on >= r.released_on
    WHERE r.released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
      AND ($4::date[] IS NULL OR r.released_on = ANY ($4::date[]))
      AND r.set_aside IS NULL
      AND r.withdrawn_on IS NULL
      AND r.provider IS NOT NULL
      AND r.released_on + 21 <= $1::date
    GROUP BY r.id, r.released_on, r.picked_up_on
  ) e
) w
GROUP BY 1, 2, 3
