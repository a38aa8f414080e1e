package config

import (
	"strings"
	"testing"
)

func TestSettingsInForceAreAllButSecrets(t *testing.T) {
	c := BuiltIn()
	c.Mail.Password = "not to be shown"
	c.Mail.Address = "mail.example.org:587"
	list, err := c.InForce()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, s := range list {
		all.WriteString(s.Text)
	}
	for _, want := range []string{"dat_codes:", "mail.example.org:587", "hide_up_to: 7", "key_file:", "HMP Dartmoor", "slot_minutes: 30"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, secret := range []string{"not to be shown", "Vocabulary", "vocabulary"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	if err := decode([]byte(all.String()), "settings in force", &Config{}); err != nil {
		t.Errorf("they cannot be read back: %v", err)
	}
}
