-- Reconciling a quarter holds thousands of releases against what each was linked to, and against whom it is about.
-- +goose Up

-- The releases of a period, in their order. Who still awaits release does not stand in it.
CREATE INDEX referral_reconciled ON referral (prison, provider, released_on, id)
  INCLUDE (person_id, sex, picked_up_on, substance_group, cjit)
  WHERE released_on IS NOT NULL AND set_aside IS NULL AND withdrawn_on IS NULL;

-- Rows looked up one by one, and never in an order: a hash takes half of what walking down a tree does.
DROP INDEX provider_row_of_referral;
CREATE INDEX provider_row_of_referral ON provider_row USING hash (referral_id) WHERE referral_id IS NOT NULL;
CREATE INDEX person_by_id ON person USING hash (id);
