-- What is counted ahead is counted day by day of release, and changes are noted by the day: where one has changed, it alone
-- is counted again, and not the three months around it.
-- +goose Up

DELETE FROM kept_window;
ALTER TABLE kept_window ADD COLUMN by_day boolean NOT NULL;
COMMENT ON COLUMN kept_window.by_day IS 'Whether its days are in kept_day as well, so that those that have changed can be counted again by themselves.';

CREATE TABLE kept_day (
  window_end date NOT NULL REFERENCES kept_window ON DELETE CASCADE,
  day date NOT NULL CHECK (day <= window_end),
  counts json NOT NULL,
  PRIMARY KEY (window_end, day)
);
COMMENT ON TABLE kept_day IS 'What a day of release adds to what is kept of a window.';
COMMENT ON COLUMN kept_day.window_end IS 'Last day of the window.';
COMMENT ON COLUMN kept_day.day IS 'The day of release, or of a movement that was no release.';
COMMENT ON COLUMN kept_day.counts IS 'Both rates and rest, as in kept_window: the days of a window add up to it.';

DROP TABLE changed_month;
CREATE TABLE changed_day (
  day date NOT NULL,
  changed_by xid8 NOT NULL,
  PRIMARY KEY (day, changed_by)
);
COMMENT ON TABLE changed_day IS 'Which transactions have changed something that is counted of the releases of which day. Rows go when the windows have been counted again.';
COMMENT ON COLUMN changed_day.day IS 'The day of release, or of a movement that was no release.';
COMMENT ON COLUMN changed_day.changed_by IS 'The transaction. Each writes rows of its own, so that none waits for another.';

GRANT UPDATE ON kept_window TO throughgate_counting;
GRANT SELECT, INSERT, UPDATE ON kept_day TO throughgate_counting;
GRANT SELECT, DELETE ON changed_day TO throughgate_counting;

ALTER FUNCTION note_changed_month RENAME TO note_changed_day;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_changed_day() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO changed_day (day, changed_by)
  SELECT DISTINCT d, pg_current_xact_id()
  FROM (VALUES (OLD.released_on), (OLD.exit_on), (NEW.released_on), (NEW.exit_on)) AS days (d)
  WHERE d IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_changed_day() IS 'Notes the days of a referral that was written: of its release, and of a movement that was none.';
ALTER TRIGGER note_changed_month_of_new ON referral RENAME TO note_changed_day_of_new;
ALTER TRIGGER note_changed_month_of_changed ON referral RENAME TO note_changed_day_of_changed;
ALTER TRIGGER note_changed_month_of_removed ON referral RENAME TO note_changed_day_of_removed;

ALTER FUNCTION note_changed_month_of_referral RENAME TO note_changed_day_of_referral;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_changed_day_of_referral() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  released date;
BEGIN
  -- what this transaction has itself written holds no release that somebody else could confirm meanwhile
  IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM referral WHERE id = NEW.referral_id AND released_on IS NULL AND xmin = pg_current_xact_id()::xid) THEN
    RETURN NULL;
  END IF;
  -- Locked, so that nobody confirms a release at this moment without seeing what is written here, while this does not see
  -- the release: neither would note the day for the other. By itself: as a part of the statement below, rows without a
  -- release would be left out before they are locked.
  FOR released IN SELECT released_on FROM referral WHERE id IN (OLD.referral_id, NEW.referral_id) FOR NO KEY UPDATE LOOP
    INSERT INTO changed_day (day, changed_by)
    SELECT released, pg_current_xact_id()
    WHERE released IS NOT NULL
    ON CONFLICT DO NOTHING;
  END LOOP;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_changed_day_of_referral() IS 'Notes the day of release of the referral that the written row belongs to.';
ALTER TRIGGER note_changed_month ON appointment RENAME TO note_changed_day;
ALTER TRIGGER note_changed_month ON closure RENAME TO note_changed_day;
ALTER TRIGGER note_changed_month ON contact RENAME TO note_changed_day;

ALTER FUNCTION note_changed_month_of_again RENAME TO note_changed_day_of_again;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_changed_day_of_again() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO changed_day (day, changed_by)
  SELECT DISTINCT d, pg_current_xact_id()
  FROM (VALUES (OLD.released_on), (NEW.released_on)) AS days (d)
  WHERE d IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_changed_day_of_again() IS 'Notes the day of a release that has come to follow another one, or does no longer: its person counts otherwise, though the release has not changed.';
ALTER TRIGGER note_changed_month ON release_again RENAME TO note_changed_day;

-- Who is expected in a window is few among all who ever awaited release.
CREATE INDEX referral_expected ON referral (clock_on)
  WHERE released_on IS NULL AND set_aside IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL;

COMMENT ON COLUMN appointment.booked_on IS 'The day it was booked; of one from a provider''s list, the day it was offered for. Null where neither is known.';
