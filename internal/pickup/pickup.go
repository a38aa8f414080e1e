// Package pickup is the end of the way: the provider's word that somebody started or resumed
// structured treatment after release, contact that is not yet that, and the other ways it can end.
package pickup

// Draft is a pick-up as typed: the body of POST /referrals/{id}/pickup.
type Draft struct {
	PickedUpOn       string `json:"picked_up_on"`
	Kind             string `json:"kind"` // new_episode or resumed_episode
	Modality         string `json:"modality"`
	CorrectionReason string `json:"correction_reason"` // why an earlier pick-up with another date was wrong
	Version          int    `json:"version"`
}

// ContactDraft is contact that is not a pick-up, as typed.
type ContactDraft struct {
	Kind    string `json:"kind"` // in_reach, phone, cjit, reconnect, smart_community, bridging, naloxone, needle_exchange
	On      string `json:"on"`
	Note    string `json:"note"`
	Version int    `json:"version"`
}

// ClosureDraft is an end after release, as typed.
type ClosureDraft struct {
	Reason       string `json:"reason"` // died, returned_to_custody, moved_area, picked_up_elsewhere, declined
	On           string `json:"on"`
	ProviderName string `json:"provider_name"` // with picked_up_elsewhere
	Version      int    `json:"version"`
}
