-- A referral made on the very day of release came in time; and a referral for a release that is known is told of that release,
-- whatever else of the person awaits.
-- +goose Up

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION breakdown_of(prison text, substance_group text, sex text, age integer, referred_on date, released_on date)
  RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN prison || '|' || substance_group || '|' || sex || '|'
    || CASE WHEN age >= 50 THEN '50+' WHEN age >= 40 THEN '40-49' WHEN age >= 30 THEN '30-39'
            WHEN age IS NOT NULL THEN '18-29' ELSE 'not recorded' END || '|'
    || CASE WHEN referred_on <= released_on THEN 'planned' WHEN referred_on > released_on THEN 'unplanned'
            ELSE 'not recorded' END;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION breakdown_of IS 'The groups that a release is counted in (measure.md, "Breakdowns"): prison, substance group, sex, age band at release, and whether the referral was made after the release (unplanned) or by its day. One text, so that a million rows are grouped by one comparison.';

-- Written again, so that what is made by the function is; the triggers note the days that are to be counted again.
UPDATE referral
SET referred_on = referred_on
WHERE coalesce(referred_on, received_on) = released_on;

UPDATE referral
SET unplanned = coalesce(referred_on > released_on, false)
WHERE unplanned <> coalesce(referred_on > released_on, false);

COMMENT ON COLUMN referral.unplanned IS 'Released before the day of the referral.';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION standing_referral(who uuid, at_provider text, release_on date)
  RETURNS TABLE (id uuid, reference text, prison text, awaiting boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
    SELECT r.id, r.reference, r.prison, r.released_on IS NULL
    FROM referral r
    WHERE r.person_id = who
      AND r.withdrawn_on IS NULL
      AND (r.released_on IS NULL AND r.provider = at_provider
        OR r.released_on BETWEEN release_on - 1 AND release_on + 1)
    ORDER BY r.released_on IS NULL, r.received_at
    LIMIT 1;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION standing_referral IS 'The referral that a new one would double: for a release at most a day away, else awaiting release at the provider. The caller shows its id only to whom it belongs.';
