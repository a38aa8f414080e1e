package referral

// Draft is a referral as typed: the body of POST /referrals and the fields of its page, so that a
// form can be shown again as it was left. Null and "" are the same.
type Draft struct {
	SenderReference          string             `json:"sender_reference"`
	Prison                   string             `json:"prison"`
	Provider                 string             `json:"provider"`
	Person                   PersonDraft        `json:"person"`
	ReferredOn               string             `json:"referred_on"` // "" is today
	PlannedReleaseDate       string             `json:"planned_release_date"`
	ReleaseKind              string             `json:"release_kind"`
	ReleaseDateCertainty     string             `json:"release_date_certainty"`
	ReleasedOn               string             `json:"released_on"`
	ReleaseDateUnknownReason string             `json:"release_date_unknown_reason"`
	Substances               []string           `json:"substances"`
	OpioidSubstitution       *SubstitutionDraft `json:"opioid_substitution"`
	NaloxoneSupplied         *bool              `json:"naloxone_supplied"`
	AttendsSMART             *bool              `json:"attends_smart"`
	ReconnectReferred        *bool              `json:"reconnect_referred"`
	Consent                  ConsentDraft       `json:"consent"`
	Notes                    string             `json:"notes"`
}

// PersonDraft is who is referred, as typed.
type PersonDraft struct {
	PrisonNumber string `json:"prison_number"`
	NHSNumber    string `json:"nhs_number"`
	GivenName    string `json:"given_name"`
	FamilyName   string `json:"family_name"`
	DateOfBirth  string `json:"date_of_birth"`
	Sex          string `json:"sex"`
	Telephone    string `json:"telephone"`
}

// SubstitutionDraft is an opioid substitution as typed; the medicine "none" is none.
type SubstitutionDraft struct {
	Medicine      string `json:"medicine"`
	BridgingUntil string `json:"bridging_until"`
}

// ConsentDraft is the person's consent as typed: given, refused or not_recorded.
type ConsentDraft struct {
	ShareWithProvider  string `json:"share_with_provider"`
	ShareWithReconnect string `json:"share_with_reconnect"`
	RecordedOn         string `json:"recorded_on"`
}

// DateChange is a new planned release date ("" or null: it is unknown now), as typed. A Version
// that is given must be the one that the sender saw.
type DateChange struct {
	PlannedReleaseDate string `json:"planned_release_date"`
	Reason             string `json:"reason"`
	Certainty          string `json:"certainty"`
	Kind               string `json:"kind"`
	Version            int    `json:"version"`
}

// ReleaseDraft is what became of the planned release, as typed.
type ReleaseDraft struct {
	ReleasedOn       string `json:"released_on"`
	Reason           string `json:"reason"` // one of HMPPS's five; only RELEASED is a release
	NaloxoneSupplied *bool  `json:"naloxone_supplied"`
	BridgingUntil    string `json:"bridging_until"`
	CorrectionReason string `json:"correction_reason"` // why an earlier day was wrong; pages ask for it
	Version          int    `json:"version"`
}

// TransferDraft is a move to another prison, as typed.
type TransferDraft struct {
	ToPrison string `json:"to_prison"`
	On       string `json:"on"`
	Version  int    `json:"version"`
}

// WithdrawalDraft takes a referral back before the release, as typed.
type WithdrawalDraft struct {
	Reason  string `json:"reason"`
	On      string `json:"on"`
	Version int    `json:"version"`
}

// CorrectionDraft changes what was sent wrongly; a field left out stays as it is. Dates of release,
// prison and provider have calls of their own.
type CorrectionDraft struct {
	Reason             string               `json:"reason"`
	SenderReference    *string              `json:"sender_reference"`
	Person             *PersonCorrection    `json:"person"`
	ReferredOn         *string              `json:"referred_on"`
	ReleaseKind        *string              `json:"release_kind"`
	Substances         *[]string            `json:"substances"`
	OpioidSubstitution *SubstitutionCorrect `json:"opioid_substitution"`
	NaloxoneSupplied   *bool                `json:"naloxone_supplied"`
	AttendsSMART       *bool                `json:"attends_smart"`
	ReconnectReferred  *bool                `json:"reconnect_referred"`
	Consent            *ConsentCorrection   `json:"consent"`
	Notes              *string              `json:"notes"`
	Version            int                  `json:"version"`
}

// PersonCorrection is the part of CorrectionDraft about the person.
type PersonCorrection struct {
	PrisonNumber *string `json:"prison_number"`
	NHSNumber    *string `json:"nhs_number"`
	GivenName    *string `json:"given_name"`
	FamilyName   *string `json:"family_name"`
	DateOfBirth  *string `json:"date_of_birth"`
	Sex          *string `json:"sex"`
	Telephone    *string `json:"telephone"`
}

// SubstitutionCorrect is the part of CorrectionDraft about opioid substitution: the medicine "none"
// ends it.
type SubstitutionCorrect struct {
	Medicine      *string `json:"medicine"`
	BridgingUntil *string `json:"bridging_until"`
}

// ConsentCorrection is the part of CorrectionDraft about consent.
type ConsentCorrection struct {
	ShareWithProvider  *string `json:"share_with_provider"`
	ShareWithReconnect *string `json:"share_with_reconnect"`
	RecordedOn         *string `json:"recorded_on"`
}

// UndoDraft is why the last entry is taken back, as typed.
type UndoDraft struct {
	Reason  string `json:"reason"`
	Version int    `json:"version"`
}
