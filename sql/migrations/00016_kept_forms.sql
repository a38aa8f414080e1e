-- Several forms wait for somebody whose session ended: one for each page that they had left open.
-- +goose Up

ALTER TABLE kept_form DROP CONSTRAINT kept_form_pkey;
ALTER TABLE kept_form ADD COLUMN id uuid PRIMARY KEY DEFAULT gen_random_uuid();
ALTER TABLE kept_form ALTER COLUMN id DROP DEFAULT;
ALTER TABLE kept_form ADD COLUMN typed_bix bytea;
ALTER TABLE kept_form ADD CONSTRAINT one_kept_form_however_often_sent UNIQUE (staff_id, path, typed_bix);
COMMENT ON COLUMN kept_form.id IS 'Random: in the address under which the form is opened again.';
COMMENT ON COLUMN kept_form.typed_bix IS 'Blind index of the fields, by which the same form sent twice is kept once; null where it was kept before there was one.';
COMMENT ON COLUMN session.ended_at IS 'When it was ended: by signing out, by a change of password or by an administrator. It then opens nothing; a form from one of its pages is still kept for its person.';
