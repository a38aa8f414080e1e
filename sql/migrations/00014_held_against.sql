-- Reconciling a quarter reads thousands of a provider's rows along one index, where each release's were looked up before:
-- beside each row stands what it needs of the release that it is about.
-- +goose Up

ALTER TABLE provider_row
  ADD COLUMN about_on date,
  ADD COLUMN same boolean;
COMMENT ON COLUMN provider_row.about_on IS 'When the release that it is about was, as that says now (referral.released_on); kept so by triggers. Null where there is none.';
COMMENT ON COLUMN provider_row.same IS 'Whether it says of that release what is known: name, date of birth, sex, and the release date where it has one; kept so by triggers. False means only that the two must be opened to compare; null where there is none.';

-- +goose StatementBegin
CREATE FUNCTION hold_against_release() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF NEW.referral_id IS NULL THEN
    NEW.about_on := NULL;
    NEW.same := NULL;
    RETURN NEW;
  END IF;
  -- Locked by a statement of its own: whoever changes the release, or renames its person, waits or has been waited for, and
  -- the next statement sees what they did.
  PERFORM FROM referral WHERE id = NEW.referral_id FOR NO KEY UPDATE;
  SELECT r.released_on, coalesce(NEW.name_bix = p.name_bix AND NEW.date_of_birth_bix = p.date_of_birth_bix AND NEW.sex = r.sex
      AND coalesce(NEW.released_on, r.released_on) = r.released_on, false)
    INTO NEW.about_on, NEW.same
  FROM referral r LEFT JOIN person p ON p.id = r.person_id
  WHERE r.id = NEW.referral_id;
  RETURN NEW;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION hold_against_release() IS 'Fills about_on and same of a provider''s row, whatever was written into them.';
REVOKE EXECUTE ON FUNCTION hold_against_release FROM PUBLIC;
CREATE TRIGGER hold_against_release
  BEFORE INSERT OR UPDATE OF referral_id, name_bix, date_of_birth_bix, sex, released_on, about_on, same ON provider_row
  FOR EACH ROW EXECUTE FUNCTION hold_against_release();

-- +goose StatementBegin
CREATE FUNCTION hold_rows_against_changed_release() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  PERFORM FROM person WHERE id = NEW.person_id FOR NO KEY UPDATE; -- whoever renames them does not see yet that the release is theirs
  UPDATE provider_row SET same = NULL WHERE referral_id = NEW.id;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION hold_rows_against_changed_release() IS 'Holds the rows about a release against it again.';
REVOKE EXECUTE ON FUNCTION hold_rows_against_changed_release FROM PUBLIC;
CREATE TRIGGER hold_rows_against_changed_release AFTER UPDATE ON referral FOR EACH ROW
  WHEN ((OLD.released_on, OLD.sex, OLD.person_id) IS DISTINCT FROM (NEW.released_on, NEW.sex, NEW.person_id))
  EXECUTE FUNCTION hold_rows_against_changed_release();

-- +goose StatementBegin
CREATE FUNCTION hold_rows_against_renamed_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  PERFORM FROM referral WHERE person_id = NEW.id ORDER BY id FOR NO KEY UPDATE; -- as hold_against_release has it
  UPDATE provider_row SET same = NULL WHERE referral_id IN (SELECT id FROM referral WHERE person_id = NEW.id);
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION hold_rows_against_renamed_person() IS 'Holds the rows about all releases of a person against them again.';
REVOKE EXECUTE ON FUNCTION hold_rows_against_renamed_person FROM PUBLIC;
CREATE TRIGGER hold_rows_against_renamed_person AFTER UPDATE ON person FOR EACH ROW
  WHEN ((OLD.name_bix, OLD.date_of_birth_bix) IS DISTINCT FROM (NEW.name_bix, NEW.date_of_birth_bix))
  EXECUTE FUNCTION hold_rows_against_renamed_person();

UPDATE provider_row SET same = NULL WHERE referral_id IS NOT NULL;

CREATE INDEX provider_row_about ON provider_row (organisation, about_on, referral_id) INCLUDE (same)
  WHERE answer = 'accepted' AND about_on IS NOT NULL;
