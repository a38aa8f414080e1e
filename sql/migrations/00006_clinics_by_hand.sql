-- Clinics and closed days that staff change on their page: the configuration leaves those alone.
-- +goose Up

ALTER TABLE clinic ADD COLUMN from_configuration boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN clinic.from_configuration IS 'False once staff have added or changed it: from then on the configuration does not.';

ALTER TABLE closed_day ADD COLUMN from_configuration boolean NOT NULL DEFAULT true;
ALTER TABLE closed_day ADD COLUMN closed boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN closed_day.from_configuration IS 'False once staff have closed or opened it.';
COMMENT ON COLUMN closed_day.closed IS 'False where staff have opened a day that the configuration closes.';

ALTER TABLE referral DROP CONSTRAINT referral_appointment_flag_check;
ALTER TABLE referral ADD CONSTRAINT known_appointment_flag CHECK (appointment_flag IN ('outside_target', 'after_bridging', 'day_closed'));

CREATE INDEX appointment_of_day ON appointment (provider, on_day) WHERE undone_at IS NULL;
