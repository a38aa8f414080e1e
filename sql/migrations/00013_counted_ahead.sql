-- Windows are counted ahead, so that a figure of years is read and not counted each time it is looked at; and every change to
-- what they are counted from is noted, so that none of them is ever read that has become wrong.
-- +goose Up

CREATE TABLE kept_window (
  window_end date PRIMARY KEY,
  window_start date NOT NULL CHECK (window_start <= window_end),
  data_through date NOT NULL,
  holds_from date CHECK (holds_from <= data_through),
  rates json NOT NULL,
  rest json NOT NULL,
  made_by text NOT NULL,
  cluster bigint NOT NULL,
  as_of pg_snapshot NOT NULL
);
COMMENT ON TABLE kept_window IS 'Everything that is counted of a window, counted ahead. It can be emptied at any time: what is missing is counted from the rows. A migration that changes rows without their triggers, as one of breakdown_of would, must empty it.';
COMMENT ON COLUMN kept_window.window_end IS 'Last day of the window.';
COMMENT ON COLUMN kept_window.window_start IS 'Its first day.';
COMMENT ON COLUMN kept_window.data_through IS 'It was counted with data through this day, and holds for it.';
COMMENT ON COLUMN kept_window.holds_from IS 'It holds for data through this day and any later one as well; null where time alone can still change it.';
COMMENT ON COLUMN kept_window.rates IS 'Counts for M1, M2 and the month of the control chart.';
COMMENT ON COLUMN kept_window.rest IS 'Counts for everything else. Exact, for signed-in people, like what they are counted from.';
COMMENT ON COLUMN kept_window.made_by IS 'Digest of the statements and the code that counted it. Others count anew.';
COMMENT ON COLUMN kept_window.cluster IS 'System identifier of the cluster whose transactions as_of speaks of. A copy of the database elsewhere counts anew.';
COMMENT ON COLUMN kept_window.as_of IS 'The snapshot that it was counted in: it has seen these transactions and no others.';

CREATE TABLE changed_month (
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  changed_by xid8 NOT NULL,
  PRIMARY KEY (month, changed_by)
);
COMMENT ON TABLE changed_month IS 'Which transactions have changed something that is counted of the releases of which month. Rows go when the windows have been counted again.';
COMMENT ON COLUMN changed_month.month IS 'First day of the month of release, or of a movement that was no release.';
COMMENT ON COLUMN changed_month.changed_by IS 'The transaction. Each writes rows of its own, so that none waits for another.';

GRANT SELECT, INSERT, DELETE ON kept_window TO throughgate_counting;
GRANT SELECT, DELETE ON changed_month TO throughgate_counting;
GRANT SELECT (clock_on) ON referral TO throughgate_counting;

-- +goose StatementBegin
CREATE FUNCTION note_changed_month() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO changed_month (month, changed_by)
  SELECT DISTINCT date_trunc('month', d::timestamp)::date, pg_current_xact_id()
  FROM (VALUES (OLD.released_on), (OLD.exit_on), (NEW.released_on), (NEW.exit_on)) AS days (d)
  WHERE d IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_changed_month() IS 'Notes the months of a referral that was written: of its release, and of a movement that was none.';
REVOKE EXECUTE ON FUNCTION note_changed_month FROM PUBLIC;
CREATE TRIGGER note_changed_month_of_new AFTER INSERT ON referral FOR EACH ROW
  WHEN (NEW.released_on IS NOT NULL OR NEW.exit_on IS NOT NULL)
  EXECUTE FUNCTION note_changed_month();
CREATE TRIGGER note_changed_month_of_changed AFTER UPDATE ON referral FOR EACH ROW
  WHEN (OLD.released_on IS NOT NULL OR OLD.exit_on IS NOT NULL OR NEW.released_on IS NOT NULL OR NEW.exit_on IS NOT NULL)
  EXECUTE FUNCTION note_changed_month();
CREATE TRIGGER note_changed_month_of_removed AFTER DELETE ON referral FOR EACH ROW
  WHEN (OLD.released_on IS NOT NULL OR OLD.exit_on IS NOT NULL)
  EXECUTE FUNCTION note_changed_month();

-- +goose StatementBegin
CREATE FUNCTION note_changed_month_of_referral() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  released date;
BEGIN
  -- Locked, so that nobody confirms a release at this moment without seeing what is written here, while this does not see
  -- the release: neither would note the month for the other. By itself: as a part of the statement below, rows without a
  -- release would be left out before they are locked.
  FOR released IN SELECT released_on FROM referral WHERE id IN (OLD.referral_id, NEW.referral_id) FOR NO KEY UPDATE LOOP
    INSERT INTO changed_month (month, changed_by)
    SELECT date_trunc('month', released::timestamp)::date, pg_current_xact_id()
    WHERE released IS NOT NULL
    ON CONFLICT DO NOTHING;
  END LOOP;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_changed_month_of_referral() IS 'Notes the month of release of the referral that the written row belongs to.';
REVOKE EXECUTE ON FUNCTION note_changed_month_of_referral FROM PUBLIC;
CREATE TRIGGER note_changed_month AFTER INSERT OR UPDATE OR DELETE ON appointment FOR EACH ROW
  EXECUTE FUNCTION note_changed_month_of_referral();
CREATE TRIGGER note_changed_month AFTER INSERT OR UPDATE OR DELETE ON closure FOR EACH ROW
  EXECUTE FUNCTION note_changed_month_of_referral();
CREATE TRIGGER note_changed_month AFTER INSERT OR UPDATE OR DELETE ON contact FOR EACH ROW
  EXECUTE FUNCTION note_changed_month_of_referral();

-- +goose StatementBegin
CREATE FUNCTION note_changed_month_of_again() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO changed_month (month, changed_by)
  SELECT DISTINCT date_trunc('month', d::timestamp)::date, pg_current_xact_id()
  FROM (VALUES (OLD.released_on), (NEW.released_on)) AS days (d)
  WHERE d IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_changed_month_of_again() IS 'Notes the month of a release that has come to follow another one, or does no longer: its person counts otherwise, though the release has not changed.';
REVOKE EXECUTE ON FUNCTION note_changed_month_of_again FROM PUBLIC;
CREATE TRIGGER note_changed_month AFTER INSERT OR UPDATE OR DELETE ON release_again FOR EACH ROW
  EXECUTE FUNCTION note_changed_month_of_again();

-- Writes only what differs: a person's new release says nothing new of their earlier ones, whose months are counted.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_release_again(who uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  -- two acts on one person at once would each miss the other's release
  PERFORM FROM person WHERE id = who FOR NO KEY UPDATE;
  -- most people are released once, and a first import brings a hundred thousand of them
  IF NOT EXISTS (SELECT FROM referral WHERE person_id = who OFFSET 1) AND NOT EXISTS (SELECT FROM release_again WHERE person_id = who) THEN
    RETURN;
  END IF;
  DELETE FROM release_again a
  WHERE person_id = who
    AND NOT EXISTS (SELECT FROM releases_again_of(who) n WHERE n.referral_id = a.referral_id);
  INSERT INTO release_again AS a (referral_id, person_id, released_on, earlier_on)
  SELECT n.referral_id, who, n.released_on, n.earlier_on
  FROM releases_again_of(who) n
  ON CONFLICT (referral_id) DO UPDATE
  SET person_id = excluded.person_id,
    released_on = excluded.released_on,
    earlier_on = excluded.earlier_on
  WHERE (a.person_id, a.released_on, a.earlier_on) IS DISTINCT FROM (excluded.person_id, excluded.released_on, excluded.earlier_on);
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION releases_again_of(who uuid) RETURNS TABLE (referral_id uuid, released_on date, earlier_on date)
LANGUAGE sql STABLE SET search_path = public AS $$
  -- MATERIALIZED, so that the person's few rows are found first: without statistics, as in a first import, the
  -- planner would walk the index of all counted releases for each row
  WITH theirs AS MATERIALIZED (SELECT id, released_on, set_aside, withdrawn_on, provider FROM referral WHERE person_id = who)
  SELECT id, released_on, earlier_on
  FROM (SELECT id, released_on, lag(released_on) OVER (ORDER BY released_on) AS earlier_on
        FROM theirs
        WHERE released_on IS NOT NULL AND set_aside IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL) r
  WHERE released_on - earlier_on <= 92
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION releases_again_of IS 'The counted releases of a person that follow another one within 92 days.';
REVOKE EXECUTE ON FUNCTION releases_again_of FROM PUBLIC;

-- Counting a window reads the releases from this index alone, and what belongs to each by its id.
DROP INDEX referral_counted;
CREATE INDEX referral_counted ON referral (released_on)
  INCLUDE (id, picked_up_on, breakdown, substance_group, referred_on, received_on, opioid_substitution, bridging_until, naloxone_supplied, attends_smart, reconnect_referred)
  WHERE released_on IS NOT NULL AND set_aside IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL;
