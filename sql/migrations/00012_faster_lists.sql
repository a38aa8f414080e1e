-- Lists whose slow pages are as fast as the others: what each is found by stands in the index it is read from.
-- +goose Up

-- Walked along in the order of time only: its last condition is there so that nothing is looked up in it by referral,
-- which would read it whole. The day's list needs nothing beside it.
DROP INDEX appointment_to_come;
CREATE INDEX appointment_to_come ON appointment (starts_at, referral_id) INCLUDE (provider, on_day)
  WHERE outcome IS NULL AND slot_id IS NOT NULL AND undone_at IS NULL AND starts_at IS NOT NULL;

-- Few of those who were not released long ago ever missed or cancelled one: nothing else need be looked up for the rest.
CREATE INDEX appointment_missed ON appointment (referral_id)
  WHERE outcome IN ('did_not_attend', 'cancelled') AND undone_at IS NULL;

-- With what the provider's lists ask for besides: whether somebody waits for a place, since when they are out, the flag.
DROP INDEX referral_list_of_provider;
CREATE INDEX referral_list_of_provider ON referral (provider, stage, clock_on, id)
  INCLUDE (prison, substance_group, cjit, released_on, unbooked_reason, appointment_flag) WHERE provider IS NOT NULL;

-- Few have a mark: their lists are read from here, a prison's and a provider's.
CREATE INDEX referral_alcohol_only ON referral (stage, clock_on, id) INCLUDE (prison, provider, cjit)
  WHERE provider IS NOT NULL AND substance_group = 'alcohol only';
CREATE INDEX referral_cjit ON referral (stage, clock_on, id) INCLUDE (prison, provider, substance_group)
  WHERE provider IS NOT NULL AND cjit;

-- Like the other lists, by stage.
DROP INDEX referral_unbooked;
CREATE INDEX referral_unbooked ON referral (provider, stage, clock_on, id) INCLUDE (prison, substance_group, cjit)
  WHERE provider IS NOT NULL AND unbooked_reason IS NOT NULL;

-- The latest rows about somebody much looked at are read without all the earlier ones.
DROP INDEX audit_of_subject;
CREATE INDEX audit_of_subject ON audit (kind, subject, at, id);
DROP INDEX audit_by_moment; -- audit_of_moment serves the auditor's days as well

COMMENT ON COLUMN referral.date_changed_at IS 'When the planned date last changed, or the appointment was moved because its clinic or day was closed, for the prison''s list of changed dates.';
