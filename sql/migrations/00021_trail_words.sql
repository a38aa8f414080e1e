-- The audit trail's own columns say all that stands in them.
-- +goose Up

COMMENT ON COLUMN audit.actor IS 'staff:ID, key:ID, recipient:ID, console:LOGIN, service, demo, or nobody: whoever is not signed in.';
COMMENT ON COLUMN audit.kind IS 'What it was done to: audit, call, draft, file, key, link, list, message, page, person, recipient, reconciliation, referral, report, review, settings, staff.';
