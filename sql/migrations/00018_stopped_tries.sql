-- Whoever goes on trying after being stopped leaves one row in the audit trail, and not one for each try.
-- +goose Up

ALTER TABLE sign_in_try ADD COLUMN stopped_at timestamptz;
COMMENT ON COLUMN sign_in_try.stopped_at IS 'When the auditor was told that further tries at the account were stopped because of this one and others; null where they were not.';
COMMENT ON TABLE sign_in_try IS 'A failed try to sign in, counted so that guessing is stopped whichever server is asked. Removed after a day.';
GRANT UPDATE (stopped_at) ON sign_in_try TO throughgate_jobs;
