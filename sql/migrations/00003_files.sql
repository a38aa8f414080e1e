-- The partners' files: what was received, what each row was answered, and which person a provider's
-- row was taken to be.
-- +goose Up

CREATE TABLE received_file (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  kind text NOT NULL CHECK (kind IN ('prison_releases', 'provider_pickups')),
  name_sealed bytea NOT NULL,
  sha256 bytea NOT NULL,
  row_count integer NOT NULL,
  answer jsonb NOT NULL,
  content_sealed bytea,
  received_at timestamptz NOT NULL,
  received_by text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE
);
CREATE INDEX received_file_of ON received_file (organisation, received_at);
COMMENT ON TABLE received_file IS 'A file that a partner sent.';
COMMENT ON COLUMN received_file.id IS 'Random.';
COMMENT ON COLUMN received_file.organisation IS 'Who sent it.';
COMMENT ON COLUMN received_file.kind IS 'A prison''s releases or a provider''s pick-ups.';
COMMENT ON COLUMN received_file.name_sealed IS 'The file''s name, sealed: names of files name people.';
COMMENT ON COLUMN received_file.sha256 IS 'Of the file as received; stays when its content is gone.';
COMMENT ON COLUMN received_file.row_count IS 'Rows below the header.';
COMMENT ON COLUMN received_file.answer IS 'How many rows got which answer.';
COMMENT ON COLUMN received_file.content_sealed IS 'The file as received, sealed; removed after the configured days.';
COMMENT ON COLUMN received_file.received_at IS 'When.';
COMMENT ON COLUMN received_file.received_by IS 'From whom.';
COMMENT ON COLUMN received_file.seq IS 'In the order of arrival: between two files of prisons the later one stands.';

CREATE TABLE prison_row (
  id uuid PRIMARY KEY,
  file_id uuid NOT NULL REFERENCES received_file,
  row_number integer NOT NULL,
  organisation text NOT NULL REFERENCES organisation,
  referral_id uuid REFERENCES referral,
  content_bix bytea NOT NULL,
  answer text NOT NULL CHECK (answer IN ('accepted', 'updated', 'set_aside', 'to_review')),
  values_sealed bytea,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE
);
CREATE INDEX prison_row_of_referral ON prison_row (referral_id, seq); -- in this order the last row of a release is found, statistics or not
CREATE INDEX prison_row_content ON prison_row (content_bix);
COMMENT ON TABLE prison_row IS 'A row of a prison''s file that said something new, so that the same row is known when it comes again.';
COMMENT ON COLUMN prison_row.id IS 'Random.';
COMMENT ON COLUMN prison_row.file_id IS 'Of which file.';
COMMENT ON COLUMN prison_row.row_number IS 'The line as a spreadsheet shows it; the header is 1.';
COMMENT ON COLUMN prison_row.organisation IS 'The prison that sent it.';
COMMENT ON COLUMN prison_row.referral_id IS 'Which release it is; null while it waits for a person to decide.';
COMMENT ON COLUMN prison_row.content_bix IS 'Blind index of the row''s content, however it was spelt.';
COMMENT ON COLUMN prison_row.answer IS 'What it was answered when it came.';
COMMENT ON COLUMN prison_row.values_sealed IS 'The row, sealed; null where it may not keep a name.';
COMMENT ON COLUMN prison_row.seq IS 'In the order of arrival.';

CREATE TABLE provider_row (
  id uuid PRIMARY KEY,
  file_id uuid NOT NULL REFERENCES received_file,
  row_number integer NOT NULL,
  organisation text NOT NULL REFERENCES organisation,
  content_bix bytea NOT NULL,
  person_bix bytea NOT NULL,
  values_sealed bytea NOT NULL,
  answer text NOT NULL CHECK (answer IN ('accepted', 'set_aside', 'to_review')),
  reason text,
  person_id uuid REFERENCES person,
  referral_id uuid REFERENCES referral,
  rule text CHECK (rule IN ('number', 'name', 'attributor', 'person')),
  role text CHECK (role IN ('pickup', 'contact', 'appointment', 'late')),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  CONSTRAINT one_row_per_content UNIQUE (organisation, content_bix)
);
CREATE INDEX provider_row_of_person ON provider_row (organisation, person_bix);
COMMENT ON TABLE provider_row IS 'A row of a provider''s list. What it comes to is judged again after every import.';
COMMENT ON COLUMN provider_row.id IS 'Random.';
COMMENT ON COLUMN provider_row.file_id IS 'Of which file it came first.';
COMMENT ON COLUMN provider_row.row_number IS 'The line as a spreadsheet shows it; the header is 1.';
COMMENT ON COLUMN provider_row.organisation IS 'The provider that sent it.';
COMMENT ON COLUMN provider_row.content_bix IS 'Blind index of the row''s content, however it was spelt.';
COMMENT ON COLUMN provider_row.person_bix IS 'Blind index of full name, date of birth and sex: rows that share it are one person.';
COMMENT ON COLUMN provider_row.values_sealed IS 'The row, sealed.';
COMMENT ON COLUMN provider_row.answer IS 'What it comes to today.';
COMMENT ON COLUMN provider_row.reason IS 'Why it is set aside or waits for review.';
COMMENT ON COLUMN provider_row.person_id IS 'Who it is taken to be.';
COMMENT ON COLUMN provider_row.referral_id IS 'Which release it belongs to.';
COMMENT ON COLUMN provider_row.rule IS 'The tier that says who it is.';
COMMENT ON COLUMN provider_row.role IS 'What it says about that release.';
COMMENT ON COLUMN provider_row.seq IS 'In the order of arrival.';

CREATE TABLE link (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  provider_row_id uuid NOT NULL REFERENCES provider_row,
  person_id uuid NOT NULL REFERENCES person,
  referral_id uuid REFERENCES referral,
  rule text NOT NULL CHECK (rule IN ('number', 'name', 'attributor', 'person')),
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  undone_at timestamptz,
  undone_by text,
  undone_reason text
);
CREATE UNIQUE INDEX one_link_per_row ON link (provider_row_id) WHERE undone_at IS NULL;
CREATE INDEX link_of_referral ON link (referral_id);
COMMENT ON TABLE link IS 'A provider''s row and the release it was taken to be about: by which rule, by whom, and until when. A link that moves is undone and made anew.';
COMMENT ON COLUMN link.id IS 'Random; link undo takes it.';
COMMENT ON COLUMN link.organisation IS 'The provider whose row it is.';
COMMENT ON COLUMN link.provider_row_id IS 'The row.';
COMMENT ON COLUMN link.person_id IS 'The person.';
COMMENT ON COLUMN link.referral_id IS 'The release; null where the person is known and no release fits.';
COMMENT ON COLUMN link.rule IS 'number, name or attributor by the machine; person by a reviewer.';
COMMENT ON COLUMN link.made_at IS 'When it was made.';
COMMENT ON COLUMN link.made_by IS 'By whom: service, or who confirmed it.';
COMMENT ON COLUMN link.undone_at IS 'Since when it no longer stands.';
COMMENT ON COLUMN link.undone_by IS 'Who undid it; service when it moved.';
COMMENT ON COLUMN link.undone_reason IS 'Why.';

CREATE TABLE review (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  side text NOT NULL CHECK (side IN ('prison', 'provider')),
  row_id uuid NOT NULL,
  why text NOT NULL,
  candidates uuid[] NOT NULL,
  raised_at timestamptz NOT NULL,
  settled_at timestamptz,
  decision text CHECK (decision IN ('confirmed', 'rejected')),
  decided_by text
);
CREATE UNIQUE INDEX one_open_review_per_row ON review (row_id) WHERE settled_at IS NULL;
CREATE INDEX review_open ON review (organisation, raised_at) WHERE settled_at IS NULL;
COMMENT ON TABLE review IS 'A row that a person must decide about.';
COMMENT ON COLUMN review.id IS 'Random; review confirm and review reject take it.';
COMMENT ON COLUMN review.organisation IS 'Whose list it stands on.';
COMMENT ON COLUMN review.side IS 'Whose row it is.';
COMMENT ON COLUMN review.row_id IS 'The row, in provider_row or prison_row.';
COMMENT ON COLUMN review.why IS 'One reason, from the closed list of files.md.';
COMMENT ON COLUMN review.candidates IS 'People it might be (for a prison''s row: releases).';
COMMENT ON COLUMN review.raised_at IS 'When it was raised.';
COMMENT ON COLUMN review.settled_at IS 'When it was decided, or no longer needed a decision.';
COMMENT ON COLUMN review.decision IS 'What was decided; null where the question went away by itself.';
COMMENT ON COLUMN review.decided_by IS 'By whom.';

CREATE TABLE match_decision (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  person_bix bytea NOT NULL,
  person_id uuid NOT NULL REFERENCES person,
  same boolean NOT NULL,
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  reason text,
  undone_at timestamptz
);
CREATE UNIQUE INDEX one_decision_per_pair ON match_decision (organisation, person_bix, person_id) WHERE undone_at IS NULL;
COMMENT ON TABLE match_decision IS 'A person''s word that somebody on a provider''s list is, or is not, somebody a prison referred. It outlasts every judging by the machine.';
COMMENT ON COLUMN match_decision.id IS 'Random.';
COMMENT ON COLUMN match_decision.organisation IS 'The provider whose list it is about.';
COMMENT ON COLUMN match_decision.person_bix IS 'Who on the list, as provider_row has it.';
COMMENT ON COLUMN match_decision.person_id IS 'Whom the prison referred.';
COMMENT ON COLUMN match_decision.same IS 'True: one person. False: not.';
COMMENT ON COLUMN match_decision.made_at IS 'When.';
COMMENT ON COLUMN match_decision.made_by IS 'By whom.';
COMMENT ON COLUMN match_decision.reason IS 'Why, where it was given.';
COMMENT ON COLUMN match_decision.undone_at IS 'Since when it no longer stands.';

ALTER TABLE received_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE prison_row ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_row ENABLE ROW LEVEL SECURITY;
ALTER TABLE link ENABLE ROW LEVEL SECURITY;
ALTER TABLE review ENABLE ROW LEVEL SECURITY;
ALTER TABLE match_decision ENABLE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['received_file', 'prison_row', 'provider_row', 'link', 'review', 'match_decision'] LOOP
    EXECUTE format('CREATE POLICY own ON %I TO throughgate_acts USING (organisation = (SELECT our_organisation()))', name);
    EXECUTE format('CREATE POLICY everywhere ON %I TO throughgate_jobs USING (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO throughgate_acts, throughgate_jobs', name);
  END LOOP;
END $$;
-- +goose StatementEnd
CREATE POLICY counted ON received_file FOR SELECT TO throughgate_counting USING (true);
GRANT SELECT (id, organisation, kind, row_count, answer, received_at) ON received_file TO throughgate_counting;
