-- The weekly report: what was due and made, who reads it, and the messages that carry it.
-- +goose Up

CREATE TABLE recipient (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  address text NOT NULL CHECK (address = lower(address)),
  added_at timestamptz NOT NULL,
  added_by text NOT NULL,
  confirm_hash bytea UNIQUE,
  confirmed_at timestamptz,
  leave_hash bytea UNIQUE,
  removed_at timestamptz
);
CREATE UNIQUE INDEX one_recipient_per_address ON recipient (address) WHERE removed_at IS NULL;
COMMENT ON TABLE recipient IS 'Somebody who reads the weekly report by email.';
COMMENT ON COLUMN recipient.id IS 'Random.';
COMMENT ON COLUMN recipient.name IS 'Their name.';
COMMENT ON COLUMN recipient.address IS 'Their address, in lower case.';
COMMENT ON COLUMN recipient.added_at IS 'When they were added.';
COMMENT ON COLUMN recipient.added_by IS 'By whom.';
COMMENT ON COLUMN recipient.confirm_hash IS 'SHA-256 of the link that confirms the address.';
COMMENT ON COLUMN recipient.confirmed_at IS 'When it was confirmed: nothing but that link is sent before.';
COMMENT ON COLUMN recipient.leave_hash IS 'SHA-256 of the link that leaves the list.';
COMMENT ON COLUMN recipient.removed_at IS 'Since when nothing is sent any more.';

CREATE TABLE report_run (
  id uuid PRIMARY KEY,
  report text NOT NULL,
  due_at timestamptz NOT NULL,
  window_end date NOT NULL,
  data_through date NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('made', 'missed', 'first_start')),
  made_at timestamptz NOT NULL,
  made_by text NOT NULL,
  figures jsonb,
  subject text,
  html text,
  plain text,
  picture bytea,
  csv text,
  CONSTRAINT one_run_per_due_time UNIQUE (report, due_at),
  CONSTRAINT made_with_figures CHECK (outcome <> 'made' OR figures IS NOT NULL)
);
COMMENT ON TABLE report_run IS 'A report and the time it was due: once in the database, whatever number of servers run. Kept for ever, as sent.';
COMMENT ON COLUMN report_run.id IS 'Random.';
COMMENT ON COLUMN report_run.report IS 'Which report: weekly.';
COMMENT ON COLUMN report_run.due_at IS 'When it was due, by the cron expression.';
COMMENT ON COLUMN report_run.window_end IS 'Last day of its window.';
COMMENT ON COLUMN report_run.data_through IS 'Last day that its data covered.';
COMMENT ON COLUMN report_run.outcome IS 'made; missed (nothing ran, and it was too old to make up); first_start (marks the beginning: nothing is due before it).';
COMMENT ON COLUMN report_run.made_at IS 'When.';
COMMENT ON COLUMN report_run.made_by IS 'service, or who asked for it.';
COMMENT ON COLUMN report_run.figures IS 'The figures after suppression.';
COMMENT ON COLUMN report_run.subject IS 'Subject of the email.';
COMMENT ON COLUMN report_run.html IS 'The email as HTML.';
COMMENT ON COLUMN report_run.plain IS 'The email as plain text.';
COMMENT ON COLUMN report_run.picture IS 'Its picture, PNG.';
COMMENT ON COLUMN report_run.csv IS 'The figures as CSV.';

CREATE TABLE message (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('report', 'confirm')),
  run_id uuid REFERENCES report_run,
  recipient_id uuid NOT NULL REFERENCES recipient,
  sending integer NOT NULL DEFAULT 1,
  message_id text NOT NULL CONSTRAINT one_message_per_message_id UNIQUE,
  address text NOT NULL,
  eml bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'sending', 'dot_committed', 'sent', 'failed', 'uncertain')),
  attempt integer NOT NULL DEFAULT 0,
  queued_at timestamptz NOT NULL,
  next_try_at timestamptz NOT NULL,
  claimed_until timestamptz,
  settled_at timestamptz,
  last_answer text,
  CONSTRAINT one_message_per_recipient_and_run UNIQUE (run_id, recipient_id, sending)
);
CREATE INDEX message_due ON message (next_try_at) WHERE state IN ('queued', 'sending', 'dot_committed');
COMMENT ON TABLE message IS 'An email to one recipient, rendered whole when it was queued.';
COMMENT ON COLUMN message.id IS 'Random.';
COMMENT ON COLUMN message.kind IS 'The weekly report, or the link that confirms an address.';
COMMENT ON COLUMN message.run_id IS 'Which report it carries.';
COMMENT ON COLUMN message.recipient_id IS 'To whom.';
COMMENT ON COLUMN message.sending IS '1, or more when a person deliberately sent the same report again.';
COMMENT ON COLUMN message.message_id IS 'Its Message-ID, the same on every attempt.';
COMMENT ON COLUMN message.address IS 'Where it goes.';
COMMENT ON COLUMN message.eml IS 'The whole message.';
COMMENT ON COLUMN message.state IS 'queued; sending (an attempt runs); dot_committed (the final dot may have gone out); sent; failed; uncertain (the answer to the dot was lost, and only a person may send it again).';
COMMENT ON COLUMN message.attempt IS 'How many attempts began.';
COMMENT ON COLUMN message.queued_at IS 'When it was queued.';
COMMENT ON COLUMN message.next_try_at IS 'Not before this moment.';
COMMENT ON COLUMN message.claimed_until IS 'When the running attempt is taken for dead.';
COMMENT ON COLUMN message.settled_at IS 'When it was sent, failed or became uncertain.';
COMMENT ON COLUMN message.last_answer IS 'What the mail server last said.';

CREATE TABLE message_attempt (
  message_id uuid NOT NULL REFERENCES message,
  attempt integer NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text CHECK (outcome IN ('sent', 'retry', 'failed', 'uncertain')),
  answer text,
  PRIMARY KEY (message_id, attempt)
);
COMMENT ON TABLE message_attempt IS 'One try to send a message.';
COMMENT ON COLUMN message_attempt.message_id IS 'Which message.';
COMMENT ON COLUMN message_attempt.attempt IS 'Counted from 1.';
COMMENT ON COLUMN message_attempt.began_at IS 'When it began.';
COMMENT ON COLUMN message_attempt.ended_at IS 'When it ended; null when the program died in it.';
COMMENT ON COLUMN message_attempt.outcome IS 'How it ended.';
COMMENT ON COLUMN message_attempt.answer IS 'What the mail server answered.';

GRANT SELECT, INSERT, UPDATE ON recipient, report_run, message, message_attempt TO throughgate_jobs;
GRANT SELECT ON report_run TO throughgate_acts, throughgate_counting;
