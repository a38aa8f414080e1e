-- What staff write in their own words is sealed, wherever it stands: what is said of an act stands in event.note_sealed, and
-- why no release date is known in referral.detail_sealed. Here stood copies of both in clear.
-- +goose Up

UPDATE event SET was = was - 'release_date_unknown_reason' WHERE was->>'release_date_unknown_reason' IS NOT NULL;
UPDATE referral SET release_date_unknown_reason = NULL WHERE release_date_unknown_reason IS NOT NULL; -- a dropped column's text would stay in the row
ALTER TABLE referral DROP COLUMN release_date_unknown_reason;
COMMENT ON COLUMN referral.detail_sealed IS 'Telephone, notes, sender''s reference, why no release date is known, and the content as sent, sealed.';

ALTER TABLE appointment ADD COLUMN overbooked boolean NOT NULL DEFAULT false;
UPDATE appointment SET overbooked = true, overbook_reason = NULL WHERE overbook_reason IS NOT NULL;
ALTER TABLE appointment DROP COLUMN overbook_reason;
COMMENT ON COLUMN appointment.overbooked IS 'Staff booked it into a full slot by hand; why is sealed with its event.';

UPDATE pickup SET undone_reason = 'by hand'
WHERE undone_reason NOT IN ('judged again on what is known now', 'the provider''s list stands, by review');
ALTER TABLE pickup ADD CONSTRAINT undone_in_fixed_words
  CHECK (undone_reason IN ('by hand', 'judged again on what is known now', 'the provider''s list stands, by review'));
COMMENT ON COLUMN pickup.undone_reason IS 'By hand, or why the service undid it. What staff said of it is sealed with the event.';

-- A link to nobody's release has no timeline: why it was undone is sealed here.
ALTER TABLE link ADD COLUMN undone_note_sealed bytea;
COMMENT ON COLUMN link.undone_note_sealed IS 'Why it was undone by hand, as it was said, sealed; null for what was undone before this column.';
UPDATE link SET undone_reason = 'by hand' WHERE undone_reason <> 'judged again on what is known now';
ALTER TABLE link ADD CONSTRAINT undone_in_fixed_words
  CHECK (undone_reason IN ('by hand', 'judged again on what is known now'));
COMMENT ON COLUMN link.undone_reason IS 'By hand, or why the service undid it.';

UPDATE match_decision SET reason = 'link undone' WHERE reason NOT IN ('confirmed in review', 'rejected in review');
ALTER TABLE match_decision ADD CONSTRAINT decided_in_fixed_words
  CHECK (reason IN ('confirmed in review', 'rejected in review', 'link undone'));
COMMENT ON COLUMN match_decision.reason IS 'By which act.';

-- A function that runs as the schema's owner finds its tables in the schema, and never among the temporary ones of whoever
-- calls it, which come first where they are not named; and it is there for those alone who use it.
-- +goose StatementBegin
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN
    SELECT p.oid
    FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND (p.prosecdef OR array_to_string(p.proconfig, ' ') LIKE '%search_path%')
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = public, pg_temp', f);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
-- +goose StatementEnd
GRANT EXECUTE ON FUNCTION know_person, standing_referral, earlier_referral, number_is_shared, hand_over TO throughgate_acts, throughgate_jobs;

-- The nightly removal forgets sessions that are long over.
GRANT DELETE ON session TO throughgate_jobs;
