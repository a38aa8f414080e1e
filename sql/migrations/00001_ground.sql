-- Who may act, what they did, and the keys. The program signs in as one database role that owns
-- nothing; in each transaction it takes one of three parts:
--   acts      does the work of one organisation, named in app.org; row-level security shows it nothing else
--   counting  sees every organisation's figures, and no sealed column
--   jobs      looks across organisations for the program itself: signing in, slots, matching, the outbox
-- +goose Up
-- +goose StatementBegin
DO $$
DECLARE part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['throughgate_acts', 'throughgate_counting', 'throughgate_jobs'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', part);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- roles belong to the whole server: another database of ours has made it
    END;
  END LOOP;
END $$;
-- +goose StatementEnd

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- +goose StatementBegin
CREATE FUNCTION our_organisation() RETURNS text LANGUAGE sql STABLE
  RETURN current_setting('app.org', true);
-- +goose StatementEnd
COMMENT ON FUNCTION our_organisation() IS 'The organisation that the running transaction acts for; row-level security compares with it.';

CREATE TABLE organisation (
  code text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('prison', 'provider', 'subgroup', 'admin', 'audit')),
  name text NOT NULL,
  active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE organisation IS 'A prison, a provider, the sub-group, the administrators or the auditors; brought in from the configuration at start.';
COMMENT ON COLUMN organisation.code IS 'Short name in the configuration and the API, such as EXI.';
COMMENT ON COLUMN organisation.kind IS 'What it is, and so the role of its people and keys.';
COMMENT ON COLUMN organisation.name IS 'As people write it, such as HMP Exeter.';
COMMENT ON COLUMN organisation.active IS 'False once it is no longer in the configuration; what it did stays.';

CREATE TABLE keyset (
  name text PRIMARY KEY,
  wrapped bytea NOT NULL,
  made_at timestamptz NOT NULL
);
COMMENT ON TABLE keyset IS 'The keys to sealed fields and blind indexes, themselves encrypted with the master key that is never stored here.';
COMMENT ON COLUMN keyset.name IS 'aead (sealed fields) or prf (blind indexes).';
COMMENT ON COLUMN keyset.wrapped IS 'The keyset, encrypted with the master key.';
COMMENT ON COLUMN keyset.made_at IS 'When it was made.';

CREATE TABLE staff (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  email text NOT NULL CONSTRAINT one_person_per_email UNIQUE CHECK (email = lower(email)),
  name text NOT NULL,
  password_hash text,
  totp_sealed bytea,
  totp_step bigint NOT NULL DEFAULT 0,
  invite_hash bytea UNIQUE,
  invite_until timestamptz,
  added_at timestamptz NOT NULL,
  added_by text NOT NULL,
  disabled_at timestamptz
);
COMMENT ON TABLE staff IS 'A person who signs in.';
COMMENT ON COLUMN staff.id IS 'Random.';
COMMENT ON COLUMN staff.organisation IS 'Whom they work for; it gives their role.';
COMMENT ON COLUMN staff.email IS 'What they sign in with, in lower case.';
COMMENT ON COLUMN staff.name IS 'As colleagues know them.';
COMMENT ON COLUMN staff.password_hash IS 'argon2id, with its salt and cost; none until they have set one.';
COMMENT ON COLUMN staff.totp_sealed IS 'The secret of their second factor, sealed.';
COMMENT ON COLUMN staff.totp_step IS 'The last time step whose code was used: a code works once.';
COMMENT ON COLUMN staff.invite_hash IS 'SHA-256 of the single-use link with which they set password and second factor.';
COMMENT ON COLUMN staff.invite_until IS 'When that link stops working.';
COMMENT ON COLUMN staff.added_at IS 'When they were added.';
COMMENT ON COLUMN staff.added_by IS 'By whom.';
COMMENT ON COLUMN staff.disabled_at IS 'Since when they may no longer sign in.';

CREATE TABLE sign_in_try (
  account bytea NOT NULL,
  device bytea,
  at timestamptz NOT NULL
);
CREATE INDEX sign_in_try_recent ON sign_in_try (account, at);
COMMENT ON TABLE sign_in_try IS 'A failed try to sign in, counted so that guessing is stopped whichever server is asked.';
COMMENT ON COLUMN sign_in_try.account IS 'Blind index of the email that was typed, known or not.';
COMMENT ON COLUMN sign_in_try.device IS 'SHA-256 of the mark of a device that has signed in before; null for any other.';
COMMENT ON COLUMN sign_in_try.at IS 'When.';

CREATE TABLE session (
  token_hash bytea PRIMARY KEY,
  staff_id uuid NOT NULL REFERENCES staff,
  signed_in_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX session_of_staff ON session (staff_id) WHERE ended_at IS NULL;
COMMENT ON TABLE session IS 'A signed-in browser.';
COMMENT ON COLUMN session.token_hash IS 'SHA-256 of the cookie, which itself is stored nowhere.';
COMMENT ON COLUMN session.staff_id IS 'Whose it is.';
COMMENT ON COLUMN session.signed_in_at IS 'It ends ten hours later at the latest.';
COMMENT ON COLUMN session.seen_at IS 'It ends when idle for fifteen minutes.';
COMMENT ON COLUMN session.ended_at IS 'When it was ended by signing out or by an administrator.';

CREATE TABLE api_key (
  id uuid PRIMARY KEY,
  organisation text NOT NULL REFERENCES organisation,
  key_hash bytea NOT NULL UNIQUE,
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  last_used_at timestamptz,
  CONSTRAINT key_lives_a_year_at_most CHECK (expires_at <= made_at + interval '366 days')
);
COMMENT ON TABLE api_key IS 'A key with which an organisation''s program calls the API. It has that organisation''s role.';
COMMENT ON COLUMN api_key.id IS 'Random; names the key in lists and in the audit trail.';
COMMENT ON COLUMN api_key.organisation IS 'For whom it acts.';
COMMENT ON COLUMN api_key.key_hash IS 'SHA-256 of the key, which is shown once and stored nowhere.';
COMMENT ON COLUMN api_key.made_at IS 'When it was made.';
COMMENT ON COLUMN api_key.made_by IS 'By whom.';
COMMENT ON COLUMN api_key.expires_at IS 'When it stops working: a year after it was made at the latest.';
COMMENT ON COLUMN api_key.revoked_at IS 'Since when it no longer works.';
COMMENT ON COLUMN api_key.last_used_at IS 'To the hour, so that using a key is not a write each time.';

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  organisation text NOT NULL,
  actor text NOT NULL,
  via text NOT NULL,
  act text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_of_subject ON audit (kind, subject, id);
COMMENT ON TABLE audit IS 'Who did or saw what, written in the transaction of the act itself. Rows are only ever added.';
COMMENT ON COLUMN audit.id IS 'In the order of writing.';
COMMENT ON COLUMN audit.at IS 'The moment of the act.';
COMMENT ON COLUMN audit.organisation IS 'For which organisation it was done; empty for the service itself.';
COMMENT ON COLUMN audit.actor IS 'staff:ID, key:ID, console:LOGIN or service.';
COMMENT ON COLUMN audit.via IS 'api, page, file, console or job.';
COMMENT ON COLUMN audit.act IS 'The act, a verb such as shown or referred.';
COMMENT ON COLUMN audit.kind IS 'What it was done to: referral, person, file, staff, key, report, settings.';
COMMENT ON COLUMN audit.subject IS 'Its id.';
COMMENT ON COLUMN audit.detail IS 'What else matters, never personal data.';

CREATE TABLE idempotency_record (
  organisation text NOT NULL REFERENCES organisation,
  key_bix bytea NOT NULL,
  call text NOT NULL,
  content_bix bytea NOT NULL,
  referral_id uuid,
  status integer,
  answer_sealed bytea,
  made_at timestamptz NOT NULL,
  PRIMARY KEY (organisation, key_bix)
);
COMMENT ON TABLE idempotency_record IS 'What was answered to a request that can be sent again, kept as long as the referral it made.';
COMMENT ON COLUMN idempotency_record.organisation IS 'Who sent it.';
COMMENT ON COLUMN idempotency_record.key_bix IS 'Blind index of the sender''s reference or of the Idempotency-Key.';
COMMENT ON COLUMN idempotency_record.call IS 'Method and path it was sent to.';
COMMENT ON COLUMN idempotency_record.content_bix IS 'Blind index of the content, to tell the same from another.';
COMMENT ON COLUMN idempotency_record.referral_id IS 'The referral that it made, if it made one.';
COMMENT ON COLUMN idempotency_record.status IS 'HTTP status of the first answer; null only inside the transaction that makes it.';
COMMENT ON COLUMN idempotency_record.answer_sealed IS 'Body of the first answer, sealed.';
COMMENT ON COLUMN idempotency_record.made_at IS 'When it was first sent.';

ALTER TABLE idempotency_record ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON idempotency_record TO throughgate_acts
  USING (organisation = (SELECT our_organisation()));
CREATE POLICY everywhere ON idempotency_record TO throughgate_jobs USING (true);

GRANT USAGE ON SCHEMA public TO throughgate_acts, throughgate_counting, throughgate_jobs;
GRANT SELECT ON organisation TO throughgate_acts, throughgate_counting, throughgate_jobs;
GRANT INSERT, UPDATE ON organisation TO throughgate_jobs;
GRANT SELECT, INSERT ON keyset TO throughgate_jobs;
GRANT SELECT, INSERT, UPDATE ON staff, session, api_key TO throughgate_jobs;
GRANT SELECT, INSERT, DELETE ON sign_in_try TO throughgate_jobs;
GRANT INSERT ON audit TO throughgate_acts, throughgate_counting, throughgate_jobs;
GRANT SELECT ON audit TO throughgate_jobs;
GRANT SELECT, INSERT, UPDATE ON idempotency_record TO throughgate_acts;
GRANT SELECT ON idempotency_record TO throughgate_jobs;
