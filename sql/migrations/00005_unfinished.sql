-- What people have begun on the pages and not finished: a referral half typed, a file looked at and not
-- stored. It is theirs alone, sealed, and forgotten after the configured days.
-- +goose Up

CREATE TABLE referral_draft (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  actor text NOT NULL,
  typed_sealed bytea,
  referral_id uuid REFERENCES referral,
  made_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT a_finished_draft_holds_nothing CHECK (referral_id IS NULL OR typed_sealed IS NULL)
);
CREATE INDEX referral_draft_of ON referral_draft (organisation, actor, changed_at);
CREATE INDEX referral_draft_by_age ON referral_draft (changed_at);
COMMENT ON TABLE referral_draft IS 'A referral that somebody is typing on the pages.';
COMMENT ON COLUMN referral_draft.id IS 'Random; drawn with the page that begins it, so that a form sent twice begins one.';
COMMENT ON COLUMN referral_draft.organisation IS 'The prison.';
COMMENT ON COLUMN referral_draft.actor IS 'Who types it, as the audit trail names them: nobody else sees it.';
COMMENT ON COLUMN referral_draft.typed_sealed IS 'What was typed so far, right or wrong, sealed; null once it is a referral.';
COMMENT ON COLUMN referral_draft.referral_id IS 'The referral that it became: sent again, it is that one.';
COMMENT ON COLUMN referral_draft.made_at IS 'When it was begun.';
COMMENT ON COLUMN referral_draft.changed_at IS 'When it was last typed at.';

CREATE TABLE waiting_file (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  actor text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('prison_releases', 'provider_pickups')),
  name_sealed bytea NOT NULL,
  content_sealed bytea NOT NULL,
  result_sealed bytea NOT NULL,
  made_at timestamptz NOT NULL
);
CREATE INDEX waiting_file_by_age ON waiting_file (made_at);
COMMENT ON TABLE waiting_file IS 'A file that was looked at, row by row, before it is stored.';
COMMENT ON COLUMN waiting_file.id IS 'Random; the file keeps it when it is stored, so that storing it twice stores it once.';
COMMENT ON COLUMN waiting_file.organisation IS 'Who sent it.';
COMMENT ON COLUMN waiting_file.actor IS 'From whom, as the audit trail names them.';
COMMENT ON COLUMN waiting_file.kind IS 'A prison''s releases or a provider''s pick-ups.';
COMMENT ON COLUMN waiting_file.name_sealed IS 'The file''s name, sealed: names of files name people.';
COMMENT ON COLUMN waiting_file.content_sealed IS 'The file as sent, sealed.';
COMMENT ON COLUMN waiting_file.result_sealed IS 'What each row would be answered, sealed.';
COMMENT ON COLUMN waiting_file.made_at IS 'When it was sent.';

ALTER TABLE received_file ADD COLUMN result_sealed bytea;
COMMENT ON COLUMN received_file.result_sealed IS 'What each row was answered, sealed; removed with the file''s content.';

ALTER TABLE referral_draft ENABLE ROW LEVEL SECURITY;
ALTER TABLE waiting_file ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON referral_draft TO throughgate_acts USING (organisation = (SELECT our_organisation()));
CREATE POLICY own ON waiting_file TO throughgate_acts USING (organisation = (SELECT our_organisation()));
CREATE POLICY everywhere ON referral_draft TO throughgate_jobs USING (true);
CREATE POLICY everywhere ON waiting_file TO throughgate_jobs USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON referral_draft, waiting_file TO throughgate_acts;
GRANT SELECT, DELETE ON referral_draft, waiting_file TO throughgate_jobs;
