-- What it counts: referrals whose planned day of release lies in the window and whose release nobody has confirmed: in the
--   funnel they are referred, and not released.
-- As of: today: a plan has no history. $1 and $2 are the window's first and last day.
-- Leaves out: what was withdrawn or set aside, and releases that are planned for no day. Without a release clock_on is the
--   planned day, and the index of who awaits release has it.
-- Not to be read as: releases. Some have happened and are not confirmed yet, some will never happen.
SELECT count(*)
FROM referral
WHERE clock_on BETWEEN $1::date AND $2::date
  AND released_on IS NULL
  AND set_aside IS NULL
  AND withdrawn_on IS NULL
  AND provider IS NOT NULL
