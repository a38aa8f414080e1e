package report

// Definitions are what the figures mean, in the words of the measures' definition; signed-in pages and the workbook's notes
// have them.
var Definitions = []Term{
	{"Release", "A person's actual release to the community. A transfer, court, a temporary absence or a hospital is none. Counting is by release: somebody released twice counts twice."},
	{"Onward referral", "At least one referral by a prison treatment team to the provider for that release, not withdrawn before it. Two referrals for one release are one."},
	{"Pick-up", "The provider confirms that structured treatment was started or resumed; its date is the first attendance on or after the release. An in-reach meeting, a phone call, a bridging prescription alone, a CJIT contact, RECONNECT, SMART or needle exchange is none."},
	{NameM1, "Of the eligible releases (18 or over, to this partnership, with a need and an onward referral) in the three months, those picked up by the last day of the three months."},
	{"M1 not picked up, in their first three weeks", "Of those not picked up by then, how many were released in the last 21 days of the window."},
	{NameM2, "Of the eligible releases whose 21 days are over, those picked up 0 to 21 days after release. It is the figure to compare with England's C20."},
	{"M2 awaiting outcome", "Released in the window, their 21 days not over: in neither part of M2."},
	{nameAdjusted, "M2 without those who died, returned to custody or moved out of the area within 21 days before a pick-up, each under the earliest reason; picked up by another named provider within 21 days counts as picked up."},
	{"s1", "Allocation: releases with an appointment booked on or before the day of release, of those whose booking is known. The pathway promises 100%."},
	{"s2", "Offered: first appointment offered 0 to 21 days after release."},
	{"s3", "Attendance: appointments attended, of those attended or missed. Cancelled ones are in neither."},
	{"s4", "Lead time: referral 14 days or more before release, of those where the day of referral is known."},
	{"s5", "Time to pick-up: the share picked up by each day after release, 0 to 92, by the method of Kaplan and Meier. Whoever died, returned to custody or moved out of the area counts until then, and whoever still waits, until now."},
	{"s6", "Referral coverage: referred, of all recorded as in need with every other test met. A rate can be raised by not referring, and this is where it would show."},
	{"s7", "Referrals that are alcohol only, of all eligible releases."},
	{"s8", "Medicines: of those on opioid substitution, whose bridging prescription reaches the first appointment."},
	{"s9", "Naloxone: of the opiate group, released with naloxone supplied."},
	{"s10", "SMART to SMART: of those attending SMART in prison, who came to a community SMART meeting within 28 days of release."},
	{"s11", "Referred to RECONNECT, of all eligible releases."},
	{"s12", "Completeness: mandatory fields that are filled in, of all."},
	{"cjit", "In contact with the criminal justice intervention team. Such a contact is no pick-up."},
	{"Control chart", "M2 by calendar month of release, in the manner of the NHS's Making Data Count. What it calls special cause is an improvement or a concern beyond what chance would bring; common cause is chance."},
	{"95% low, 95% high", "Wilson score interval, z = 1.959963984540054."},
}
