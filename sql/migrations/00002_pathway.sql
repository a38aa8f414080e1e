-- One person's way through the gate: person, referral with its release, appointment, pick-up, and
-- everything that happened in between.
-- +goose Up

CREATE TABLE person (
  id uuid PRIMARY KEY,
  prison_number_bix bytea NOT NULL,
  date_of_birth_bix bytea NOT NULL,
  nhs_number_bix bytea,
  name_bix bytea NOT NULL,
  identity_sealed bytea NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT one_person_per_prison_number_and_date_of_birth UNIQUE (prison_number_bix, date_of_birth_bix)
);
CREATE INDEX person_by_nhs_number ON person (nhs_number_bix, date_of_birth_bix) WHERE nhs_number_bix IS NOT NULL;
CREATE INDEX person_by_name ON person (name_bix, date_of_birth_bix);
CREATE INDEX person_by_date_of_birth ON person (date_of_birth_bix);
COMMENT ON TABLE person IS 'Somebody who was referred, or whom a prison''s file named. Nothing here can be read without the key.';
COMMENT ON COLUMN person.id IS 'Random.';
COMMENT ON COLUMN person.prison_number_bix IS 'Blind index of the prison number.';
COMMENT ON COLUMN person.date_of_birth_bix IS 'Blind index of the date of birth.';
COMMENT ON COLUMN person.nhs_number_bix IS 'Blind index of the NHS number, where one is known.';
COMMENT ON COLUMN person.name_bix IS 'Blind index of the full name as matching compares it.';
COMMENT ON COLUMN person.identity_sealed IS 'Names, date of birth, sex, prison number and NHS number, sealed; as the latest word has them.';
COMMENT ON COLUMN person.updated_at IS 'When any of it last changed.';

CREATE TABLE clinic (
  provider text NOT NULL REFERENCES organisation,
  code text NOT NULL,
  weekday integer NOT NULL CHECK (weekday BETWEEN 0 AND 6),
  starts time NOT NULL,
  ends time NOT NULL,
  slot_minutes integer NOT NULL CHECK (slot_minutes BETWEEN 5 AND 480),
  places integer NOT NULL CHECK (places BETWEEN 1 AND 100),
  prescribing boolean NOT NULL,
  place text NOT NULL,
  address text NOT NULL,
  ask_for text NOT NULL,
  telephone text NOT NULL,
  directions text NOT NULL DEFAULT '',
  active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (provider, code),
  CONSTRAINT clinic_starts_before_it_ends CHECK (starts < ends)
);
COMMENT ON TABLE clinic IS 'One weekday''s session at one place, where a provider sees people.';
COMMENT ON COLUMN clinic.provider IS 'Whose it is.';
COMMENT ON COLUMN clinic.code IS 'Short name; breaks the tie between places at one time.';
COMMENT ON COLUMN clinic.weekday IS '0 is Sunday.';
COMMENT ON COLUMN clinic.starts IS 'First slot, by London''s clocks.';
COMMENT ON COLUMN clinic.ends IS 'End of the last slot.';
COMMENT ON COLUMN clinic.slot_minutes IS 'Length of a slot.';
COMMENT ON COLUMN clinic.places IS 'How many people can be seen in one slot.';
COMMENT ON COLUMN clinic.prescribing IS 'Whether people on opioid substitution can be seen.';
COMMENT ON COLUMN clinic.place IS 'Name of the place, for the person''s card.';
COMMENT ON COLUMN clinic.address IS 'Where it is.';
COMMENT ON COLUMN clinic.ask_for IS 'Whom to ask for.';
COMMENT ON COLUMN clinic.telephone IS 'What to ring.';
COMMENT ON COLUMN clinic.directions IS 'How to get there, for the card.';
COMMENT ON COLUMN clinic.active IS 'False once it opens no more slots.';

CREATE TABLE closed_day (
  provider text NOT NULL REFERENCES organisation,
  closed_on date NOT NULL,
  PRIMARY KEY (provider, closed_on)
);
COMMENT ON TABLE closed_day IS 'A day on which a provider sees nobody, besides the bank holidays.';
COMMENT ON COLUMN closed_day.provider IS 'Whose day.';
COMMENT ON COLUMN closed_day.closed_on IS 'Which day.';

CREATE TABLE slot (
  id uuid PRIMARY KEY,
  provider text NOT NULL,
  clinic text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  closed_at timestamptz,
  FOREIGN KEY (provider, clinic) REFERENCES clinic (provider, code),
  CONSTRAINT one_slot_at_a_time UNIQUE (provider, clinic, starts_at)
);
COMMENT ON TABLE slot IS 'A time at which a clinic sees people.';
COMMENT ON COLUMN slot.id IS 'Random.';
COMMENT ON COLUMN slot.provider IS 'Whose.';
COMMENT ON COLUMN slot.clinic IS 'Which clinic.';
COMMENT ON COLUMN slot.starts_at IS 'When it starts.';
COMMENT ON COLUMN slot.ends_at IS 'When it ends.';
COMMENT ON COLUMN slot.closed_at IS 'Since when no more are booked into it.';

-- +goose StatementBegin
CREATE FUNCTION breakdown_of(prison text, substance_group text, sex text, age integer, referred_on date, released_on date)
  RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN prison || '|' || substance_group || '|' || sex || '|'
    || CASE WHEN age >= 50 THEN '50+' WHEN age >= 40 THEN '40-49' WHEN age >= 30 THEN '30-39'
            WHEN age IS NOT NULL THEN '18-29' ELSE 'not recorded' END || '|'
    || CASE WHEN referred_on < released_on THEN 'planned' WHEN referred_on >= released_on THEN 'unplanned'
            ELSE 'not recorded' END;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION breakdown_of IS 'The groups that a release is counted in (measure.md, "Breakdowns"): prison, substance group, sex, age band at release, and whether the referral came before the release. One text, so that a million rows are grouped by one comparison.';

CREATE TABLE referral (
  id uuid PRIMARY KEY,
  reference text NOT NULL CONSTRAINT one_referral_per_reference UNIQUE,
  person_id uuid REFERENCES person,
  nameless_bix bytea,
  prison text NOT NULL REFERENCES organisation,
  moved_from text REFERENCES organisation,
  provider text REFERENCES organisation,
  source text NOT NULL CHECK (source IN ('api', 'page', 'file')),
  sender_reference_bix bytea,
  earlier_id uuid REFERENCES referral,

  referred_on date,
  received_on date,
  planned_release_on date,
  release_date_unknown_reason text,
  release_kind text CHECK (release_kind IN ('conditional', 'automatic', 'hdc', 'parole', 'post_recall', 'remand_or_court')),
  release_date_certainty text CHECK (release_date_certainty IN ('expected', 'confirmed')),
  date_changed_at timestamptz,
  released_on date,
  unplanned boolean NOT NULL DEFAULT false,
  reception_on date,
  exit_on date,
  exit_reason text,
  discharge_reason text,
  destination text,
  referral_status text,
  consent_share text CHECK (consent_share IN ('given', 'refused', 'not_recorded')),
  consent_reconnect text CHECK (consent_reconnect IN ('given', 'refused', 'not_recorded')),
  consent_on date,
  set_aside text CHECK (set_aside IN ('not a release', 'other partnership', 'under 18', 'no consent', 'no referral made')),

  age_at_release integer CHECK (age_at_release BETWEEN 0 AND 130),
  sex text NOT NULL CHECK (sex IN ('female', 'male', 'not_known', 'not_specified')),
  substances text[] NOT NULL DEFAULT '{}',
  substance_group text NOT NULL CHECK (substance_group IN ('opiate', 'non-opiate only', 'non-opiate and alcohol', 'alcohol only', 'not recorded')),
  opioid_substitution text,
  bridging_until date,
  naloxone_supplied boolean,
  attends_smart boolean,
  reconnect_referred boolean,
  detail_sealed bytea,

  unbooked_reason text CHECK (unbooked_reason IN ('no_release_date', 'beyond_open_weeks', 'no_free_place_in_21_days', 'provider_closed', 'no_prescribing_clinic')),
  appointment_flag text CHECK (appointment_flag IN ('outside_target', 'after_bridging')),
  withdrawn_on date,
  withdrawn_reason text CHECK (withdrawn_reason IN ('mistaken', 'duplicate', 'need_gone', 'declined', 'release_cancelled', 'moved_to_prison_elsewhere', 'died')),
  closed boolean NOT NULL DEFAULT false,
  picked_up_on date,
  asked_for_by text REFERENCES organisation,
  clock_on date NOT NULL GENERATED ALWAYS AS (coalesce(released_on, planned_release_on, DATE '9999-12-31')) STORED,

  version integer NOT NULL DEFAULT 1,
  received_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  known_from timestamptz NOT NULL,
  breakdown text GENERATED ALWAYS AS
    (breakdown_of(prison, substance_group, sex, age_at_release, coalesce(referred_on, received_on), released_on)) STORED,

  CONSTRAINT person_known_or_nameless CHECK ((person_id IS NULL) = (nameless_bix IS NOT NULL)),
  CONSTRAINT nameless_is_not_shared CHECK (person_id IS NOT NULL OR provider IS NULL),
  CONSTRAINT withdrawn_with_reason CHECK ((withdrawn_on IS NULL) = (withdrawn_reason IS NULL)),
  CONSTRAINT withdrawn_only_before_release CHECK (withdrawn_on IS NULL OR released_on IS NULL),
  CONSTRAINT one_release_per_person_and_day EXCLUDE USING gist
    (person_id WITH =, daterange(released_on, released_on + 2) WITH &&)
    WHERE (released_on IS NOT NULL AND person_id IS NOT NULL)
);
CREATE UNIQUE INDEX one_referral_awaiting_release ON referral (person_id, provider)
  WHERE released_on IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL;
CREATE UNIQUE INDEX one_referral_per_sender_reference ON referral (prison, sender_reference_bix)
  WHERE sender_reference_bix IS NOT NULL AND moved_from IS NULL;
CREATE INDEX referral_of_person ON referral (person_id);
CREATE INDEX referral_nameless ON referral (nameless_bix) WHERE nameless_bix IS NOT NULL;
CREATE INDEX referral_of_prison ON referral (prison, clock_on, id) WHERE provider IS NOT NULL;
CREATE INDEX referral_of_provider ON referral (provider, clock_on, id) WHERE provider IS NOT NULL;
CREATE INDEX referral_awaiting ON referral (prison, clock_on, id)
  WHERE released_on IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL;
CREATE INDEX referral_date_changed ON referral (prison, clock_on, id)
  WHERE date_changed_at IS NOT NULL AND released_on IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL;
CREATE INDEX referral_unbooked ON referral (provider, clock_on, id) WHERE unbooked_reason IS NOT NULL;
CREATE INDEX referral_after_bridging ON referral (provider, clock_on, id) WHERE appointment_flag = 'after_bridging';
CREATE INDEX referral_released ON referral (provider, clock_on, id)
  WHERE released_on IS NOT NULL AND picked_up_on IS NULL AND NOT closed;
CREATE INDEX referral_asked_for ON referral (provider, clock_on, id) WHERE asked_for_by IS NOT NULL;
-- Carries what the counting queries read, so that they never visit the rows themselves.
CREATE INDEX referral_counted ON referral (released_on)
  INCLUDE (picked_up_on, breakdown, substance_group, referred_on, received_on, opioid_substitution, naloxone_supplied, attends_smart, reconnect_referred)
  WHERE released_on IS NOT NULL AND set_aside IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL;
CREATE INDEX referral_not_referred ON referral (exit_on) WHERE referral_status = 'need_not_referred';
CREATE INDEX referral_smart ON referral (released_on) WHERE attends_smart;
COMMENT ON TABLE referral IS 'One person''s one release, from the first word about it. A file''s row that is understood but not ours to count is kept here too, set aside and shared with nobody.';
COMMENT ON COLUMN referral.id IS 'Random.';
COMMENT ON COLUMN referral.reference IS 'What people quote to each other; says nothing about the person.';
COMMENT ON COLUMN referral.person_id IS 'Whose release; null for a row kept without a name.';
COMMENT ON COLUMN referral.nameless_bix IS 'Blind index of the prison number of a row kept without a name, so that it is counted once.';
COMMENT ON COLUMN referral.prison IS 'The prison that has the person, or released them.';
COMMENT ON COLUMN referral.moved_from IS 'The prison that had them before a transfer took the referral along.';
COMMENT ON COLUMN referral.provider IS 'To whom it is addressed; null where nothing is shared.';
COMMENT ON COLUMN referral.source IS 'How it first came in.';
COMMENT ON COLUMN referral.sender_reference_bix IS 'Blind index of the sender''s own reference.';
COMMENT ON COLUMN referral.earlier_id IS 'The referral of the person''s release before this one.';
COMMENT ON COLUMN referral.referred_on IS 'The day the prison made the referral, where recorded.';
COMMENT ON COLUMN referral.received_on IS 'The day the provider says it received the referral (its file''s "Referral received").';
COMMENT ON COLUMN referral.planned_release_on IS 'Planned day of release; null when unknown, and kept when the release came.';
COMMENT ON COLUMN referral.release_date_unknown_reason IS 'Why no date is known yet.';
COMMENT ON COLUMN referral.release_kind IS 'What kind of release is planned.';
COMMENT ON COLUMN referral.release_date_certainty IS 'How sure the planned date is.';
COMMENT ON COLUMN referral.date_changed_at IS 'When the planned date last changed, for the prison''s list of changed dates.';
COMMENT ON COLUMN referral.released_on IS 'Actual day of release to the community; null until confirmed.';
COMMENT ON COLUMN referral.unplanned IS 'The release came before the referral did.';
COMMENT ON COLUMN referral.reception_on IS 'Initial reception of the spell in custody; with the prison number it says which release a file''s row is.';
COMMENT ON COLUMN referral.exit_on IS 'Prison exit date as a file has it; a release or not.';
COMMENT ON COLUMN referral.exit_reason IS 'Prison exit reason, as the vocabulary names it.';
COMMENT ON COLUMN referral.discharge_reason IS 'Discharge reason, as the vocabulary names it.';
COMMENT ON COLUMN referral.destination IS 'DAT code of the partnership that the person went to.';
COMMENT ON COLUMN referral.referral_status IS 'Referral on release status, as the vocabulary names it.';
COMMENT ON COLUMN referral.consent_share IS 'Consent to share with the provider.';
COMMENT ON COLUMN referral.consent_reconnect IS 'Consent to share with RECONNECT.';
COMMENT ON COLUMN referral.consent_on IS 'The day consent was recorded.';
COMMENT ON COLUMN referral.set_aside IS 'Why it does not count, first reason that fits; null where it counts once released.';
COMMENT ON COLUMN referral.age_at_release IS 'Whole years on the day of release (or planned release).';
COMMENT ON COLUMN referral.sex IS 'As the latest word has it.';
COMMENT ON COLUMN referral.substances IS 'Substances, as the vocabulary names them.';
COMMENT ON COLUMN referral.substance_group IS 'The group that counts, from substances (measure.md, "Substance group").';
COMMENT ON COLUMN referral.opioid_substitution IS 'Medicine of opioid substitution; null for none. Whoever is on one needs a prescribing clinic.';
COMMENT ON COLUMN referral.bridging_until IS 'Last day of the bridging prescription.';
COMMENT ON COLUMN referral.naloxone_supplied IS 'Naloxone was given, not merely offered; null is not recorded.';
COMMENT ON COLUMN referral.attends_smart IS 'Attends SMART in prison; null is not recorded.';
COMMENT ON COLUMN referral.reconnect_referred IS 'Referred to RECONNECT; null is not recorded.';
COMMENT ON COLUMN referral.detail_sealed IS 'Telephone, notes, sender''s reference and the content as sent, sealed.';
COMMENT ON COLUMN referral.unbooked_reason IS 'Why a live referral has no appointment; null when it has one or needs none.';
COMMENT ON COLUMN referral.appointment_flag IS 'What the provider should know of the appointment after the release date moved.';
COMMENT ON COLUMN referral.withdrawn_on IS 'Withdrawn before release, on this day.';
COMMENT ON COLUMN referral.withdrawn_reason IS 'Why.';
COMMENT ON COLUMN referral.closed IS 'It has a closure that stands.';
COMMENT ON COLUMN referral.picked_up_on IS 'Day of the pick-up that stands; kept equal to table pickup.';
COMMENT ON COLUMN referral.asked_for_by IS 'Another prison that has sent a referral for the same person and release, until the provider has decided; null for none.';
COMMENT ON COLUMN referral.clock_on IS 'The day by which lists are sorted: the release, actual or planned; 9999-12-31 where no date is known. A column of its own, since row-level security lets an index serve a column, and no expression.';
COMMENT ON COLUMN referral.version IS 'Goes up with every change, so that two people editing notice each other.';
COMMENT ON COLUMN referral.received_at IS 'The moment it came in.';
COMMENT ON COLUMN referral.updated_at IS 'The moment of the last change.';
COMMENT ON COLUMN referral.breakdown IS 'The groups it is counted in, from breakdown_of.';
COMMENT ON COLUMN referral.known_from IS 'Since when the facts that count are as they stand here.';

CREATE TABLE referral_was (
  referral_id uuid NOT NULL REFERENCES referral,
  known_from timestamptz NOT NULL,
  known_until timestamptz NOT NULL,
  prison text NOT NULL,
  provider text,
  referred_on date,
  received_on date,
  released_on date,
  set_aside text,
  age_at_release integer,
  sex text NOT NULL,
  substance_group text NOT NULL,
  unplanned boolean NOT NULL,
  withdrawn_on date
);
CREATE INDEX referral_was_of ON referral_was (referral_id, known_until);
COMMENT ON TABLE referral_was IS 'What was known of a referral before a fact that counts was changed: with it a past figure can be made again.';
COMMENT ON COLUMN referral_was.referral_id IS 'Of which referral.';
COMMENT ON COLUMN referral_was.known_from IS 'Known so from this moment ...';
COMMENT ON COLUMN referral_was.known_until IS '... until this one.';
COMMENT ON COLUMN referral_was.prison IS 'As in referral.';
COMMENT ON COLUMN referral_was.provider IS 'As in referral.';
COMMENT ON COLUMN referral_was.referred_on IS 'As in referral.';
COMMENT ON COLUMN referral_was.received_on IS 'As in referral.';
COMMENT ON COLUMN referral_was.released_on IS 'As in referral.';
COMMENT ON COLUMN referral_was.set_aside IS 'As in referral.';
COMMENT ON COLUMN referral_was.age_at_release IS 'As in referral.';
COMMENT ON COLUMN referral_was.sex IS 'As in referral.';
COMMENT ON COLUMN referral_was.substance_group IS 'As in referral.';
COMMENT ON COLUMN referral_was.unplanned IS 'As in referral.';
COMMENT ON COLUMN referral_was.withdrawn_on IS 'As in referral.';

-- +goose StatementBegin
CREATE FUNCTION keep_what_was_known() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO referral_was VALUES (OLD.id, OLD.known_from, NEW.updated_at, OLD.prison, OLD.provider, OLD.referred_on,
    OLD.received_on, OLD.released_on, OLD.set_aside, OLD.age_at_release, OLD.sex, OLD.substance_group, OLD.unplanned, OLD.withdrawn_on);
  NEW.known_from := NEW.updated_at;
  RETURN NEW;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION keep_what_was_known() IS 'Writes referral_was before a fact that counts is changed.';
CREATE TRIGGER keep_what_was_known BEFORE UPDATE ON referral FOR EACH ROW
  WHEN ((OLD.prison, OLD.provider, OLD.referred_on, OLD.received_on, OLD.released_on, OLD.set_aside, OLD.age_at_release, OLD.sex, OLD.substance_group, OLD.unplanned, OLD.withdrawn_on)
    IS DISTINCT FROM (NEW.prison, NEW.provider, NEW.referred_on, NEW.received_on, NEW.released_on, NEW.set_aside, NEW.age_at_release, NEW.sex, NEW.substance_group, NEW.unplanned, NEW.withdrawn_on))
  EXECUTE FUNCTION keep_what_was_known();

CREATE TABLE release_again (
  referral_id uuid PRIMARY KEY REFERENCES referral,
  person_id uuid NOT NULL REFERENCES person,
  released_on date NOT NULL,
  earlier_on date NOT NULL
);
CREATE INDEX release_again_of_person ON release_again (person_id);
CREATE INDEX release_again_counted ON release_again (released_on) INCLUDE (earlier_on);
COMMENT ON TABLE release_again IS 'A counted release of somebody who had another one at most 92 days before. People in a window are its releases less those that are here with both days inside it.';
COMMENT ON COLUMN release_again.referral_id IS 'The later release.';
COMMENT ON COLUMN release_again.person_id IS 'Whose.';
COMMENT ON COLUMN release_again.released_on IS 'Its day.';
COMMENT ON COLUMN release_again.earlier_on IS 'The day of the counted release before it.';

-- +goose StatementBegin
CREATE FUNCTION note_release_again(who uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  -- two acts on one person at once would each miss the other's release
  PERFORM FROM person WHERE id = who FOR NO KEY UPDATE;
  -- most people are released once, and a first import brings a hundred thousand of them
  IF NOT EXISTS (SELECT FROM referral WHERE person_id = who OFFSET 1) AND NOT EXISTS (SELECT FROM release_again WHERE person_id = who) THEN
    RETURN;
  END IF;
  DELETE FROM release_again WHERE person_id = who;
  INSERT INTO release_again (referral_id, person_id, released_on, earlier_on)
  -- MATERIALIZED, so that the person's few rows are found first: without statistics, as in a first import, the
  -- planner would walk the index of all counted releases for each row
  WITH theirs AS MATERIALIZED (SELECT id, released_on, set_aside, withdrawn_on, provider FROM referral WHERE person_id = who)
  SELECT id, who, released_on, earlier_on
  FROM (SELECT id, released_on, lag(released_on) OVER (ORDER BY released_on) AS earlier_on
        FROM theirs
        WHERE released_on IS NOT NULL AND set_aside IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL) r
  WHERE released_on - earlier_on <= 92;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_release_again IS 'Makes release_again anew for one person.';
REVOKE EXECUTE ON FUNCTION note_release_again FROM PUBLIC;

-- +goose StatementBegin
CREATE FUNCTION keep_release_again() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF NEW.person_id IS NOT NULL THEN
    PERFORM note_release_again(NEW.person_id);
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.person_id IS DISTINCT FROM NEW.person_id AND OLD.person_id IS NOT NULL THEN
    PERFORM note_release_again(OLD.person_id);
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION keep_release_again() IS 'Keeps release_again equal to the releases that count.';
CREATE TRIGGER keep_release_again_of_new AFTER INSERT ON referral FOR EACH ROW
  WHEN (NEW.released_on IS NOT NULL AND NEW.set_aside IS NULL AND NEW.withdrawn_on IS NULL AND NEW.provider IS NOT NULL)
  EXECUTE FUNCTION keep_release_again();
CREATE TRIGGER keep_release_again_of_changed AFTER UPDATE ON referral FOR EACH ROW
  WHEN ((OLD.person_id, OLD.released_on, OLD.set_aside, OLD.withdrawn_on, OLD.provider IS NULL)
    IS DISTINCT FROM (NEW.person_id, NEW.released_on, NEW.set_aside, NEW.withdrawn_on, NEW.provider IS NULL))
  EXECUTE FUNCTION keep_release_again();

CREATE TABLE appointment (
  id uuid PRIMARY KEY,
  referral_id uuid NOT NULL REFERENCES referral,
  provider text NOT NULL REFERENCES organisation,
  slot_id uuid REFERENCES slot,
  clinic text,
  starts_at timestamptz,
  ends_at timestamptz,
  on_day date NOT NULL,
  attempt integer NOT NULL CHECK (attempt >= 1),
  late boolean NOT NULL DEFAULT false,
  after_bridging boolean NOT NULL DEFAULT false,
  overbook_reason text,
  booked_on date,
  booked_at timestamptz NOT NULL,
  outcome text CHECK (outcome IN ('attended', 'attended_late', 'did_not_attend', 'cancelled')),
  outcome_reason text,
  cancelled_by text CHECK (cancelled_by IN ('person', 'provider', 'prison', 'service')),
  outcome_at timestamptz,
  provider_row_id uuid,
  undone_at timestamptz,
  CONSTRAINT cancelled_by_somebody CHECK ((outcome = 'cancelled') = (cancelled_by IS NOT NULL))
);
CREATE UNIQUE INDEX one_open_appointment_per_referral ON appointment (referral_id)
  WHERE outcome IS NULL AND slot_id IS NOT NULL AND undone_at IS NULL;
CREATE INDEX appointment_of_referral ON appointment (referral_id, attempt);
CREATE INDEX appointment_open ON appointment (provider, on_day) WHERE outcome IS NULL AND undone_at IS NULL;
CREATE INDEX appointment_of_row ON appointment (provider_row_id) WHERE provider_row_id IS NOT NULL;
COMMENT ON TABLE appointment IS 'A time at which a provider will see, or saw, the person of a referral. The attempts of one referral are its chain.';
COMMENT ON COLUMN appointment.id IS 'Random.';
COMMENT ON COLUMN appointment.referral_id IS 'Of which referral.';
COMMENT ON COLUMN appointment.provider IS 'With whom.';
COMMENT ON COLUMN appointment.slot_id IS 'In which slot; null for one that a provider''s list or a drop-in brought.';
COMMENT ON COLUMN appointment.clinic IS 'In which clinic.';
COMMENT ON COLUMN appointment.starts_at IS 'When; null where only the day is known.';
COMMENT ON COLUMN appointment.ends_at IS 'Until when.';
COMMENT ON COLUMN appointment.on_day IS 'The day, in London.';
COMMENT ON COLUMN appointment.attempt IS '1 for the first, one more for each after it.';
COMMENT ON COLUMN appointment.late IS 'Booked outside the target because nothing inside it was free.';
COMMENT ON COLUMN appointment.after_bridging IS 'Lies after the bridging prescription ends.';
COMMENT ON COLUMN appointment.overbook_reason IS 'Why staff booked it into a full slot by hand.';
COMMENT ON COLUMN appointment.booked_on IS 'The day it was booked; null where a provider''s list does not say.';
COMMENT ON COLUMN appointment.booked_at IS 'The moment it was recorded.';
COMMENT ON COLUMN appointment.outcome IS 'What became of it; null while it is still to come or unrecorded.';
COMMENT ON COLUMN appointment.outcome_reason IS 'acceptable, none_given or our_fault for a missed one; why, for a cancelled one.';
COMMENT ON COLUMN appointment.cancelled_by IS 'Who cancelled it; service where a changed release date did.';
COMMENT ON COLUMN appointment.outcome_at IS 'When the outcome was recorded.';
COMMENT ON COLUMN appointment.provider_row_id IS 'The row of a provider''s list that brought it.';
COMMENT ON COLUMN appointment.undone_at IS 'Since when it no longer counts, the row that brought it being linked elsewhere.';

CREATE TABLE place (
  slot_id uuid NOT NULL REFERENCES slot,
  number integer NOT NULL,
  provider text NOT NULL,
  clinic text NOT NULL,
  starts_at timestamptz NOT NULL,
  prescribing boolean NOT NULL,
  open boolean NOT NULL DEFAULT true,
  appointment_id uuid CONSTRAINT one_place_per_appointment UNIQUE REFERENCES appointment DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (slot_id, number)
);
CREATE INDEX place_free ON place (provider, starts_at, clinic, number) WHERE appointment_id IS NULL AND open;
COMMENT ON TABLE place IS 'Room for one person in a slot. A place holds one appointment at most, so that a slot cannot be overbooked.';
COMMENT ON COLUMN place.slot_id IS 'In which slot.';
COMMENT ON COLUMN place.number IS 'Counted from 1.';
COMMENT ON COLUMN place.provider IS 'As in the slot, so that a free place is found in one index.';
COMMENT ON COLUMN place.clinic IS 'As in the slot.';
COMMENT ON COLUMN place.starts_at IS 'As in the slot.';
COMMENT ON COLUMN place.prescribing IS 'As in the clinic.';
COMMENT ON COLUMN place.open IS 'False when the slot has been closed.';
COMMENT ON COLUMN place.appointment_id IS 'Who has it; null while free.';

CREATE TABLE pickup (
  id uuid PRIMARY KEY,
  referral_id uuid NOT NULL REFERENCES referral,
  picked_up_on date NOT NULL,
  kind text NOT NULL CHECK (kind IN ('new_episode', 'resumed_episode')),
  modality text,
  late boolean NOT NULL,
  provider_row_id uuid,
  rule text CHECK (rule IN ('number', 'name', 'attributor', 'person')),
  recorded_at timestamptz NOT NULL,
  recorded_by text NOT NULL,
  undone_at timestamptz,
  undone_by text,
  undone_reason text,
  CONSTRAINT undone_with_reason CHECK ((undone_at IS NULL) = (undone_reason IS NULL))
);
CREATE UNIQUE INDEX one_pickup_per_referral ON pickup (referral_id) WHERE undone_at IS NULL;
CREATE INDEX pickup_of_row ON pickup (provider_row_id) WHERE provider_row_id IS NOT NULL;
COMMENT ON TABLE pickup IS 'The provider''s word that the person started or resumed structured treatment after this release.';
COMMENT ON COLUMN pickup.id IS 'Random.';
COMMENT ON COLUMN pickup.referral_id IS 'After which release.';
COMMENT ON COLUMN pickup.picked_up_on IS 'First attendance on or after the release that starts or resumes structured treatment.';
COMMENT ON COLUMN pickup.kind IS 'A new episode, or one opened before the release and resumed.';
COMMENT ON COLUMN pickup.modality IS 'What treatment, where recorded.';
COMMENT ON COLUMN pickup.late IS 'More than 92 days after the release: kept, and counted in no figure.';
COMMENT ON COLUMN pickup.provider_row_id IS 'The row of a provider''s list that it comes from; null when confirmed by hand.';
COMMENT ON COLUMN pickup.rule IS 'The tier of matching that linked that row.';
COMMENT ON COLUMN pickup.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN pickup.recorded_by IS 'By whom.';
COMMENT ON COLUMN pickup.undone_at IS 'Since when it no longer stands.';
COMMENT ON COLUMN pickup.undone_by IS 'Who undid it.';
COMMENT ON COLUMN pickup.undone_reason IS 'Why.';

CREATE TABLE contact (
  id uuid PRIMARY KEY,
  referral_id uuid NOT NULL REFERENCES referral,
  kind text NOT NULL CHECK (kind IN ('in_reach', 'phone', 'cjit', 'reconnect', 'smart_community', 'bridging', 'naloxone', 'needle_exchange', 'treatment')),
  contact_on date NOT NULL,
  note_sealed bytea,
  provider_row_id uuid,
  recorded_at timestamptz NOT NULL,
  recorded_by text NOT NULL,
  undone_at timestamptz
);
CREATE INDEX contact_of_referral ON contact (referral_id);
COMMENT ON TABLE contact IS 'Contact with the person that is not a pick-up; shown and counted under its own name.';
COMMENT ON COLUMN contact.id IS 'Random.';
COMMENT ON COLUMN contact.referral_id IS 'Around which release.';
COMMENT ON COLUMN contact.kind IS 'What it was; treatment is a start or attendance on a provider''s list that is not this release''s pick-up.';
COMMENT ON COLUMN contact.contact_on IS 'The day.';
COMMENT ON COLUMN contact.note_sealed IS 'A note, sealed.';
COMMENT ON COLUMN contact.provider_row_id IS 'The row of a provider''s list that it comes from.';
COMMENT ON COLUMN contact.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN contact.recorded_by IS 'By whom.';
COMMENT ON COLUMN contact.undone_at IS 'Since when it no longer stands.';

CREATE TABLE closure (
  id uuid PRIMARY KEY,
  referral_id uuid NOT NULL REFERENCES referral,
  reason text NOT NULL CHECK (reason IN ('died', 'returned_to_custody', 'moved_area', 'picked_up_elsewhere', 'declined')),
  closed_on date NOT NULL,
  provider_name text,
  recorded_at timestamptz NOT NULL,
  recorded_by text NOT NULL,
  undone_at timestamptz,
  CONSTRAINT elsewhere_is_named CHECK (reason <> 'picked_up_elsewhere' OR provider_name IS NOT NULL)
);
CREATE UNIQUE INDEX one_closure_per_reason ON closure (referral_id, reason) WHERE undone_at IS NULL;
COMMENT ON TABLE closure IS 'An end after release. There may be several (somebody returned to custody may later die); the earliest counts.';
COMMENT ON COLUMN closure.id IS 'Random.';
COMMENT ON COLUMN closure.referral_id IS 'Of which referral.';
COMMENT ON COLUMN closure.reason IS 'What ended it.';
COMMENT ON COLUMN closure.closed_on IS 'The day it happened.';
COMMENT ON COLUMN closure.provider_name IS 'Who picked the person up elsewhere.';
COMMENT ON COLUMN closure.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN closure.recorded_by IS 'By whom.';
COMMENT ON COLUMN closure.undone_at IS 'Since when it no longer stands.';

CREATE TABLE event (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id uuid NOT NULL UNIQUE,
  referral_id uuid NOT NULL REFERENCES referral,
  kind text NOT NULL,
  happened_on date NOT NULL,
  recorded_at timestamptz NOT NULL,
  organisation text NOT NULL,
  actor text NOT NULL,
  via text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  was jsonb,
  note_sealed bytea,
  undoes uuid CONSTRAINT undone_once UNIQUE
);
CREATE INDEX event_of_referral ON event (referral_id, seq);
CREATE INDEX event_in_order ON event (tx, seq);
COMMENT ON TABLE event IS 'Everything that happened to a referral, in order. Rows are only ever added; the referral''s own row is what they add up to.';
COMMENT ON COLUMN event.seq IS 'In the order of writing.';
COMMENT ON COLUMN event.tx IS 'The transaction that wrote it: readers wait until all earlier ones have ended, and so miss nothing.';
COMMENT ON COLUMN event.id IS 'Random.';
COMMENT ON COLUMN event.referral_id IS 'To which referral.';
COMMENT ON COLUMN event.kind IS 'What: referred, booked, unbooked, date_changed, released, ...';
COMMENT ON COLUMN event.happened_on IS 'The day it happened.';
COMMENT ON COLUMN event.recorded_at IS 'The moment it was recorded.';
COMMENT ON COLUMN event.organisation IS 'Whose people recorded it; empty for the service itself.';
COMMENT ON COLUMN event.actor IS 'Who recorded it, as in audit.';
COMMENT ON COLUMN event.via IS 'From where: api, page, file, console or job.';
COMMENT ON COLUMN event.data IS 'What it says, without personal data.';
COMMENT ON COLUMN event.was IS 'What stood before, so that it can be undone; null where it cannot be.';
COMMENT ON COLUMN event.note_sealed IS 'A note or reason in free text, sealed.';
COMMENT ON COLUMN event.undoes IS 'The event that this one undoes; nothing is undone twice.';

-- Row-level security: an organisation sees what is its own or addressed to it. What has to look further is a function.
-- These are PL/pgSQL, which plans their queries once a connection; LANGUAGE sql would plan them at each call, which
-- made accepting a referral half as fast.
-- +goose StatementBegin
CREATE FUNCTION know_person(new_id uuid, number_bix bytea, born_bix bytea, nhs_bix bytea, full_name_bix bytea, identity bytea, at timestamptz)
  RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE known uuid;
BEGIN
    INSERT INTO person AS p (id, prison_number_bix, date_of_birth_bix, nhs_number_bix, name_bix, identity_sealed, updated_at)
    VALUES (new_id, number_bix, born_bix, nhs_bix, full_name_bix, identity, at)
    ON CONFLICT ON CONSTRAINT one_person_per_prison_number_and_date_of_birth DO UPDATE
      SET nhs_number_bix = coalesce(excluded.nhs_number_bix, p.nhs_number_bix),
          name_bix = excluded.name_bix,
          identity_sealed = excluded.identity_sealed,
          updated_at = excluded.updated_at
    RETURNING p.id INTO known;
  RETURN known;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION know_person IS 'The id of the person with this prison number and date of birth, whoever knows them already, with the newest identity kept. It tells nothing else of them.';

-- +goose StatementBegin
CREATE FUNCTION standing_referral(who uuid, at_provider text, release_on date)
  RETURNS TABLE (id uuid, reference text, prison text, awaiting boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
    SELECT r.id, r.reference, r.prison, r.released_on IS NULL
    FROM referral r
    WHERE r.person_id = who
      AND r.withdrawn_on IS NULL
      AND (r.released_on IS NULL AND r.provider = at_provider
        OR r.released_on BETWEEN release_on - 1 AND release_on + 1)
    ORDER BY r.released_on IS NULL DESC, r.received_at
    LIMIT 1;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION standing_referral IS 'The referral that a new one would double: awaiting release at the provider, or for a release at most a day away. The caller shows its id only to whom it belongs.';

-- +goose StatementBegin
CREATE FUNCTION earlier_referral(who uuid, not_this uuid)
  RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (
    SELECT r.id FROM referral r
    WHERE r.person_id = who AND r.id <> not_this AND r.released_on IS NOT NULL
    ORDER BY r.released_on DESC
    LIMIT 1);
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION earlier_referral IS 'The person''s latest release before this referral, to link them.';

-- +goose StatementBegin
CREATE FUNCTION number_is_shared(who uuid)
  RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM person p JOIN person other ON other.prison_number_bix = p.prison_number_bix AND other.id <> p.id
    WHERE p.id = who);
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION number_is_shared IS 'Whether somebody else, born on another day, is known under this person''s prison number: one of the two is a slip.';

-- +goose StatementBegin
CREATE FUNCTION hand_over(which uuid, to_prison text, at timestamptz)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  UPDATE referral
  SET prison = to_prison, moved_from = prison, asked_for_by = NULL, version = version + 1, updated_at = at
  WHERE id = which AND prison = our_organisation();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'only the prison that has a referral can hand it over';
  END IF;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION hand_over IS 'A transfer: the referral goes to another prison, and the one that hands it over sees it no more.';

ALTER TABLE person ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_was ENABLE ROW LEVEL SECURITY;
ALTER TABLE release_again ENABLE ROW LEVEL SECURITY;
ALTER TABLE appointment ENABLE ROW LEVEL SECURITY;
ALTER TABLE pickup ENABLE ROW LEVEL SECURITY;
ALTER TABLE contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE closure ENABLE ROW LEVEL SECURITY;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON referral TO throughgate_acts
  USING ((SELECT our_organisation()) IN (prison, provider));
CREATE POLICY own ON person TO throughgate_acts
  USING (EXISTS (SELECT FROM referral r WHERE r.person_id = person.id));
CREATE POLICY own ON appointment TO throughgate_acts
  USING (EXISTS (SELECT FROM referral r WHERE r.id = referral_id));
CREATE POLICY own ON pickup TO throughgate_acts
  USING (EXISTS (SELECT FROM referral r WHERE r.id = referral_id));
CREATE POLICY own ON contact TO throughgate_acts
  USING (EXISTS (SELECT FROM referral r WHERE r.id = referral_id));
CREATE POLICY own ON closure TO throughgate_acts
  USING (EXISTS (SELECT FROM referral r WHERE r.id = referral_id));
CREATE POLICY own ON event TO throughgate_acts
  USING (EXISTS (SELECT FROM referral r WHERE r.id = referral_id));

-- +goose StatementBegin
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['person', 'referral', 'referral_was', 'appointment', 'pickup', 'contact', 'closure', 'event'] LOOP
    EXECUTE format('CREATE POLICY everywhere ON %I TO throughgate_jobs USING (true)', name);
    EXECUTE format('CREATE POLICY counted ON %I FOR SELECT TO throughgate_counting USING (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO throughgate_acts, throughgate_jobs', name);
  END LOOP;
END $$;
-- +goose StatementEnd
REVOKE INSERT, UPDATE ON referral_was FROM throughgate_acts, throughgate_jobs;
REVOKE UPDATE ON event FROM throughgate_acts, throughgate_jobs;
GRANT SELECT ON clinic, closed_day, slot, place TO throughgate_acts, throughgate_counting, throughgate_jobs;
GRANT UPDATE ON place TO throughgate_acts;
GRANT INSERT, UPDATE, DELETE ON clinic, closed_day, slot, place TO throughgate_jobs;
GRANT SELECT (id, person_id, prison, provider, source, referred_on, received_on, planned_release_on, released_on, unplanned, exit_on,
  exit_reason, discharge_reason, destination, referral_status, consent_share, consent_reconnect, consent_on, set_aside, age_at_release, sex, substances,
  substance_group, opioid_substitution, bridging_until, naloxone_supplied, attends_smart, reconnect_referred, unbooked_reason,
  withdrawn_on, withdrawn_reason, closed, picked_up_on, received_at, known_from, breakdown, release_kind, release_date_certainty, release_date_unknown_reason) ON referral TO throughgate_counting;
CREATE POLICY counted ON release_again FOR SELECT TO throughgate_counting USING (true);
GRANT SELECT ON release_again, referral_was, appointment, pickup, closure TO throughgate_counting;
GRANT SELECT (id, referral_id, kind, contact_on, recorded_at, undone_at) ON contact TO throughgate_counting;
GRANT SELECT (id, referral_id, kind, happened_on, recorded_at, organisation, data) ON event TO throughgate_counting;
