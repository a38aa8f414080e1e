-- What it counts: mature releases that ended within 21 days in death, return to custody or a move out of the area, or were
--   picked up by another named provider within 21 days: what M2 adjusted takes out of M2 and adds to it.
-- As of: the end of $1 (data through); mature is a release at least 21 days before it.
-- Leaves out: ends dated on or after the pick-up (the same day counts as picked up), ends later than day 21, and who declined.
--   One reason each, the earliest; of two on one day the first by name.
-- Not to be read as: deaths after release. Only those are here that came before any pick-up.
-- $2 is the first day; $3 the stretch of each day; $4 the days that are counted, as in rate.sql.
SELECT
  ($3::int[])[e.released_on - $2::date + 1] AS stretch,
  CASE WHEN e.ended_on < coalesce(least(e.picked_up_on, e.elsewhere_on), 'infinity') THEN e.reason ELSE '' END AS removed_as,
  coalesce(e.picked_up_on - e.released_on <= 21, false) AS picked_up,
  e.elsewhere_on IS NOT NULL AS elsewhere,
  count(*) AS releases
FROM (
  SELECT
    r.released_on,
    CASE WHEN r.picked_up_on <= $1::date AND r.picked_up_on - r.released_on BETWEEN 0 AND 92 THEN r.picked_up_on END AS picked_up_on,
    min(c.closed_on) FILTER (WHERE c.reason <> 'picked_up_elsewhere') AS ended_on,
    (array_agg(c.reason ORDER BY c.closed_on, c.reason) FILTER (WHERE c.reason <> 'picked_up_elsewhere'))[1] AS reason,
    min(c.closed_on) FILTER (WHERE c.reason = 'picked_up_elsewhere') AS elsewhere_on
  FROM referral r
  JOIN closure c ON c.referral_id = r.id
  WHERE r.released_on BETWEEN $2::date AND $2::date + cardinality($3::int[]) - 1
    AND ($4::date[] IS NULL OR r.released_on = ANY ($4::date[]))
    AND r.set_aside IS NULL
    AND r.withdrawn_on IS NULL
    AND r.provider IS NOT NULL
    AND r.released_on + 21 <= $1::date
    AND c.undone_at IS NULL
    AND c.reason IN ('died', 'returned_to_custody', 'moved_area', 'picked_up_elsewhere')
    AND c.closed_on - r.released_on BETWEEN 0 AND 21
  GROUP BY r.id, r.released_on, r.picked_up_on
) e
GROUP BY 1, 2, 3, 4
