-- A report as it was sent is kept in every form in which it can be taken away; and CJIT contacts are found by one index.
-- +goose Up

ALTER TABLE report_run ADD COLUMN xlsx bytea;
ALTER TABLE report_run ADD COLUMN drawing text;
COMMENT ON COLUMN report_run.xlsx IS 'The figures as a workbook; null of reports made before workbooks were kept.';
COMMENT ON COLUMN report_run.drawing IS 'Its picture, SVG; null where no rate could be shown, and of reports made before drawings were kept.';

CREATE INDEX contact_cjit ON contact (referral_id) WHERE kind = 'cjit' AND undone_at IS NULL;
