-- Signing in without the telephone, from a device that is known, and what was typed when a session ended.
-- +goose Up

CREATE TABLE recovery_code (
  staff_id uuid NOT NULL REFERENCES staff,
  code_bix bytea NOT NULL,
  made_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (staff_id, code_bix)
);
COMMENT ON TABLE recovery_code IS 'A code that stands in once for the second factor. New ones replace all that there were.';
COMMENT ON COLUMN recovery_code.staff_id IS 'Whose it is.';
COMMENT ON COLUMN recovery_code.code_bix IS 'Blind index of the code, which is shown once and stored nowhere.';
COMMENT ON COLUMN recovery_code.made_at IS 'When it was made.';
COMMENT ON COLUMN recovery_code.used_at IS 'When it was used up.';

CREATE TABLE known_device (
  mark_hash bytea NOT NULL,
  staff_id uuid NOT NULL REFERENCES staff,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (mark_hash, staff_id)
);
CREATE INDEX known_device_of_staff ON known_device (staff_id);
COMMENT ON TABLE known_device IS 'A browser in which a person has signed in before. Failed tries elsewhere do not count against it, so that nobody can shut staff out by guessing.';
COMMENT ON COLUMN known_device.mark_hash IS 'SHA-256 of the mark in its cookie, which itself is stored nowhere.';
COMMENT ON COLUMN known_device.staff_id IS 'Who signed in there.';
COMMENT ON COLUMN known_device.seen_at IS 'When they last did.';

CREATE TABLE kept_form (
  staff_id uuid PRIMARY KEY REFERENCES staff,
  path text NOT NULL,
  typed_sealed bytea NOT NULL,
  kept_at timestamptz NOT NULL
);
COMMENT ON TABLE kept_form IS 'What somebody had typed when their session ended before they sent it: offered again to them alone, once they have signed in.';
COMMENT ON COLUMN kept_form.staff_id IS 'Who typed it.';
COMMENT ON COLUMN kept_form.path IS 'Address of the form.';
COMMENT ON COLUMN kept_form.typed_sealed IS 'The fields, sealed; never a password or a code.';
COMMENT ON COLUMN kept_form.kept_at IS 'When it was kept.';

-- The auditor searches by day: rows are written in the order of time, so a small index is enough.
CREATE INDEX audit_by_moment ON audit USING brin (at) WITH (pages_per_range = 16);

GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_code, known_device, kept_form TO throughgate_jobs;
