-- Lists that stay fast among a hundred thousand referrals, in each of their orders and with each filter.
-- +goose Up

ALTER TABLE referral
  ADD COLUMN cjit boolean NOT NULL DEFAULT false,
  ADD COLUMN stage text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN withdrawn_on IS NOT NULL THEN 'withdrawn'
         WHEN picked_up_on IS NOT NULL THEN 'picked_up'
         WHEN closed THEN 'closed'
         WHEN released_on IS NOT NULL THEN 'released'
         WHEN unbooked_reason IS NOT NULL THEN 'unbooked'
         ELSE 'booked' END) STORED;
COMMENT ON COLUMN referral.cjit IS 'The criminal justice intervention team has been in contact; kept equal to table contact, so that a list is filtered without looking there.';
COMMENT ON COLUMN referral.stage IS 'The state as far as it does not depend on the day: released is not_picked_up as well, which only the date tells apart.';

UPDATE referral SET cjit = true
WHERE id IN (SELECT referral_id FROM contact WHERE kind = 'cjit' AND undone_at IS NULL);

-- +goose StatementBegin
CREATE FUNCTION keep_cjit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE found boolean := EXISTS (
  SELECT FROM contact
  WHERE referral_id = NEW.referral_id AND kind = 'cjit' AND undone_at IS NULL);
BEGIN
  UPDATE referral SET cjit = found WHERE id = NEW.referral_id AND cjit <> found;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION keep_cjit() IS 'Keeps referral.cjit equal to the contacts that stand.';
CREATE TRIGGER keep_cjit AFTER INSERT OR UPDATE ON contact FOR EACH ROW
  WHEN (NEW.kind = 'cjit')
  EXECUTE FUNCTION keep_cjit();

-- A page of a list is read from one place in one of these on, for each stage that the list shows; what filters it and
-- what row-level security asks for is in the index too.
CREATE INDEX referral_list_of_prison ON referral (prison, stage, clock_on, id) INCLUDE (provider, substance_group, cjit) WHERE provider IS NOT NULL;
CREATE INDEX referral_list_of_provider ON referral (provider, stage, clock_on, id) INCLUDE (prison, substance_group, cjit) WHERE provider IS NOT NULL;
DROP INDEX referral_of_prison, referral_of_provider, referral_awaiting, referral_date_changed, referral_released;

CREATE INDEX appointment_to_come ON appointment (starts_at, referral_id) WHERE outcome IS NULL AND slot_id IS NOT NULL AND undone_at IS NULL;

-- For who has gone quiet: what came by hand, newest first.
CREATE INDEX referral_came ON referral (prison, received_at) WHERE source <> 'file' AND moved_from IS NULL;
CREATE INDEX pickup_came ON pickup (recorded_at) WHERE provider_row_id IS NULL;

-- For reconciling a period.
ALTER TABLE provider_row
  ADD COLUMN on_day date,
  ADD COLUMN name_bix bytea,
  ADD COLUMN date_of_birth_bix bytea,
  ADD COLUMN sex text,
  ADD COLUMN released_on date;
COMMENT ON COLUMN provider_row.on_day IS 'The day that the row is about: the release as the provider was told of it, else the start, attendance, offer or receipt. Null, as are the next four, for rows that came before these columns.';
COMMENT ON COLUMN provider_row.name_bix IS 'Blind index of the full name, as person has it: where it is the same, nothing need be opened to compare.';
COMMENT ON COLUMN provider_row.date_of_birth_bix IS 'Blind index of the date of birth, as person has it.';
COMMENT ON COLUMN provider_row.sex IS 'As the row has it.';
COMMENT ON COLUMN provider_row.released_on IS 'The release date that the provider was told.';
CREATE INDEX provider_row_of_referral ON provider_row (referral_id) WHERE referral_id IS NOT NULL;
CREATE INDEX provider_row_of_known ON provider_row (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX provider_row_only ON provider_row (organisation, on_day) WHERE answer <> 'accepted';

CREATE INDEX audit_of_moment ON audit (at, id);
