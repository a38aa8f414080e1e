package web

import (
	"net/http"

	"throughgate/internal/staff"
)

// route is one page or one act: who may ask for it, and what its {id} names. A route that is not open
// and names no role is for nobody.
type route struct {
	method, path string
	open         bool // for everybody, signed in or not
	roles        []staff.Role
	of           string // what the id in the path is the id of; "" has none
	handle       func(*visit) error
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// Who may ask.
var (
	pathway  = []staff.Role{staff.Prison, staff.Provider}
	figures  = []staff.Role{staff.Prison, staff.Provider, staff.SubGroup}
	senders  = []staff.Role{staff.SubGroup, staff.Admin}
	admins   = []staff.Role{staff.Admin}
	auditors = []staff.Role{staff.Audit}
	everyone = []staff.Role{staff.Prison, staff.Provider, staff.SubGroup, staff.Admin, staff.Audit}
)

// routes are all pages but the acts' (act.go) and the demo's. Whose records somebody reaches is decided again in
// the database: a role alone opens nothing of another organisation.
var routes = []route{
	// Anybody: the ways in.
	{get, "/sign-in", true, nil, "", (*visit).signInPage},
	{post, "/sign-in", true, nil, "", (*visit).signIn},
	{post, "/sign-out", true, nil, "", (*visit).signOut},
	{get, "/invitation/:token", true, nil, "", (*visit).invitationPage},
	{post, "/invitation/:token", true, nil, "", (*visit).enrol},

	// A reader of the weekly email, from the links in it.
	{get, "/report/confirm/:token", true, nil, "", (*visit).confirmPage},
	{post, "/report/confirm/:token", true, nil, "", (*visit).confirmRecipient},
	{get, "/report/leave/:token", true, nil, "", (*visit).leavePage},
	{post, "/report/leave/:token", true, nil, "", (*visit).leaveList},

	// Whoever is signed in, to see what waits for them.
	{get, "/", false, everyone, "", (*visit).home},

	// Prison and provider, for one person. What may happen to them are the acts' own routes.
	{get, "/referrals/:id", false, pathway, "referral", (*visit).referral},
	{get, "/referrals/:id/card", false, pathway, "referral", (*visit).card},

	// The partnership, for the figures.
	{get, "/report", false, figures, "", (*visit).report},
	{get, "/report.csv", false, figures, "", (*visit).reportCSV},
	{get, "/report.xlsx", false, figures, "", (*visit).reportXLSX},
	{get, "/report.json", false, figures, "", (*visit).reportJSON},
	{get, "/report/months.csv", false, figures, "", (*visit).monthsCSV},
	{post, "/reports/send", false, senders, "", (*visit).sendReport},
	{get, "/reports", false, everyone, "", (*visit).reports},
	{get, "/reports.csv", false, everyone, "", (*visit).reportsCSV},
	{get, "/reports/preview", false, senders, "", (*visit).preview},
	{get, "/reports/preview/as-sent", false, senders, "", (*visit).previewAsSent},
	{get, "/reports/:id", false, everyone, "report", (*visit).sentReport},
	{get, "/reports/:id/:file", false, everyone, "report", (*visit).sentFile},
	{get, "/reports/:id/as-sent", false, everyone, "report", (*visit).reportAsSent},

	// Prison and provider, for what only a person can decide about rows of their lists.
	{get, "/review", false, pathway, "", (*visit).reviewList},
	{get, "/review/:id", false, pathway, "open review", (*visit).reviewPage},
	{post, "/review/:id", false, pathway, "open review", (*visit).decideReview},

	// Whoever is signed in, for their own way in.
	{get, "/account", false, everyone, "", (*visit).account},
	{get, "/account/still-here", false, everyone, "", (*visit).stillHere},
	{get, timeLeftPath, true, nil, "", (*visit).timeLeft},
	{post, "/account/kept/discard", false, everyone, "", (*visit).discardKept},
	{get, "/account/password", false, everyone, "", (*visit).passwordPage},
	{post, "/account/password", false, everyone, "", (*visit).changePassword},
	{get, "/account/recovery-codes", false, everyone, "", (*visit).renewCodesPage},
	{post, "/account/recovery-codes", false, everyone, "", (*visit).renewCodes},

	// The provider, for what the machine or a reviewer took a row of its list to be about.
	{get, "/links/:id/undo", false, byProvider, "link that stands", (*visit).unlinkPage},
	{post, "/links/:id/undo", false, byProvider, "link that stands", (*visit).unlink},

	// The prison, to refer somebody.
	{get, "/referrals/new", false, byPrison, "", (*visit).newReferralPage},
	{post, "/referrals/new", false, byPrison, "", (*visit).beginReferral},
	{get, "/referrals/new/:id", false, byPrison, "unfinished referral", (*visit).madeReferral},
	{post, "/referrals/new/:id/discard", false, byPrison, "unfinished referral", (*visit).discardReferral},
	{get, "/referrals/new/:id/:step", false, byPrison, "unfinished referral", (*visit).newStepPage},
	{post, "/referrals/new/:id/:step", false, byPrison, "unfinished referral", (*visit).newStepAnswered},

	// The provider, for its appointments of a day.
	{get, "/appointments", false, byProvider, "", (*visit).appointments},
	{post, "/appointments/:id/outcome", false, byProvider, "appointment", (*visit).visitOutcome},

	// Prison and provider, for the lists that they have as files; the role decides which.
	{get, "/imports", false, pathway, "", (*visit).importsPage},
	{post, "/imports", false, pathway, "", (*visit).upload},
	{get, "/imports.csv", false, pathway, "", (*visit).importsCSV},
	{get, "/imports/:id", false, pathway, "file", (*visit).importPage},
	{get, "/imports/:id/result", false, pathway, "file", (*visit).importResult},
	{post, "/imports/:id/store", false, pathway, "file", (*visit).storeImport},

	// Prison and provider, to find one of their own.
	{get, "/find", false, pathway, "", (*visit).findPage},
	{post, "/find", false, pathway, "", (*visit).find},

	// The provider, for when and where it sees people: clinics and closed days.
	{get, "/clinics", false, byProvider, "", (*visit).clinics},
	{get, "/clinics.csv", false, byProvider, "", (*visit).clinicsCSV},
	{get, "/clinics/add", false, byProvider, "", (*visit).addClinicPage},
	{post, "/clinics/add", false, byProvider, "", (*visit).addClinic},
	{get, "/clinics/:code", false, byProvider, "", (*visit).closedClinic},
	{get, "/clinics/:code/change", false, byProvider, "", (*visit).changeClinicPage},
	{post, "/clinics/:code/change", false, byProvider, "", (*visit).changeClinic},
	{get, "/clinics/:code/close", false, byProvider, "", (*visit).closeClinicPage},
	{post, "/clinics/:code/close", false, byProvider, "", (*visit).closeClinic},
	{get, "/closed-days/add", false, byProvider, "", (*visit).closeDayPage},
	{post, "/closed-days/add", false, byProvider, "", (*visit).closeDay},
	{get, "/closed-days/:day", false, byProvider, "", (*visit).closedDay},
	{get, "/closed-days/:day/open", false, byProvider, "", (*visit).openDayPage},
	{post, "/closed-days/:day/open", false, byProvider, "", (*visit).openDay},

	// Administrators, for everything but a person's record.
	{get, "/admin", false, admins, "", (*visit).admin},
	{get, "/admin/organisations", false, admins, "", (*visit).organisations},
	{get, "/admin/organisations.csv", false, admins, "", (*visit).organisationsCSV},
	{get, "/admin/settings", false, admins, "", (*visit).settings},
	{get, "/admin/people", false, admins, "", (*visit).people},
	{get, "/admin/people.csv", false, admins, "", (*visit).peopleCSV},
	{get, "/admin/people/new", false, admins, "", (*visit).addPersonPage},
	{post, "/admin/people/new", false, admins, "", (*visit).addPerson},
	{get, "/admin/people/:id", false, admins, "person", (*visit).person},
	{get, "/admin/people/:id/disable", false, admins, "person", (*visit).disablePersonPage},
	{post, "/admin/people/:id/disable", false, admins, "person", (*visit).disablePerson},
	{get, "/admin/people/:id/link", false, admins, "person", (*visit).renewPersonPage},
	{post, "/admin/people/:id/link", false, admins, "person", (*visit).renewPerson},
	{get, "/admin/keys", false, admins, "", (*visit).keys},
	{get, "/admin/keys.csv", false, admins, "", (*visit).keysCSV},
	{get, "/admin/keys/new", false, admins, "", (*visit).addKeyPage},
	{post, "/admin/keys/new", false, admins, "", (*visit).addKey},
	{get, "/admin/keys/:id/revoke", false, admins, "API key", (*visit).revokeKeyPage},
	{post, "/admin/keys/:id/revoke", false, admins, "API key", (*visit).revokeKey},
	{get, "/admin/mail", false, admins, "", (*visit).mailQueue},
	{get, "/admin/mail.csv", false, admins, "", (*visit).mailCSV},
	{get, "/admin/mail/:id", false, admins, "email", (*visit).mailOne},
	{get, "/admin/mail/:id/send-again", false, admins, "email", (*visit).sendMailAgainPage},
	{post, "/admin/mail/:id/send-again", false, admins, "email", (*visit).sendMailAgain},
	{get, "/recipients", false, admins, "", (*visit).readers},
	{get, "/recipients.csv", false, admins, "", (*visit).readersCSV},
	{get, "/recipients/new", false, admins, "", (*visit).addReaderPage},
	{post, "/recipients/new", false, admins, "", (*visit).addReader},
	{get, "/recipients/:id/remove", false, admins, "recipient", (*visit).removeReaderPage},
	{post, "/recipients/:id/remove", false, admins, "recipient", (*visit).removeReader},

	// Auditors, for who did and saw what; and who may see a record, for who looked at it.
	{get, "/audit", false, auditors, "", (*visit).audit},
	{get, "/referrals/:id/looked", false, pathway, "referral", (*visit).looked},
	{get, "/referrals/:id/looked.csv", false, pathway, "referral", (*visit).lookedCSV},

	// Prison and provider, for all of their own referrals, and to take a list away.
	{get, "/referrals", false, pathway, "", (*visit).referrals},
	{get, "/referrals/:id/correction", false, byPrison, "referral", (*visit).correctionPage},
	{post, "/referrals/:id/correction", false, byPrison, "referral", (*visit).correct},
	{get, "/referrals.csv", false, pathway, "", (*visit).referralsCSV},
	{get, "/worklist.csv", false, pathway, "", (*visit).worklistCSV},
	{get, "/review.csv", false, pathway, "", (*visit).reviewCSV},
	{get, "/appointments.csv", false, byProvider, "", (*visit).appointmentsCSV},
	{get, "/audit.csv", false, auditors, "", (*visit).auditCSV},

	// The partnership, for a prison's list held against a provider's; the sub-group sees its counts.
	{get, "/reconciliation", false, figures, "", (*visit).reconciliation},
	{get, "/reconciliation.csv", false, pathway, "", (*visit).reconciliationCSV},
}
