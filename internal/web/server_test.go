package web

import "testing"

// A page that only shows something answers within seconds, or says that the database does not.
func TestOnlyWhatReadsOrMakesWholeFilesMayTakeLong(t *testing.T) {
	for path, long := range map[string]bool{
		"/": false, "/referrals/:id": false, "/referrals": false, "/sign-in": false, "/find": false, "/appointments/:id/outcome": false,
		"/imports": true, "/imports/:id/store": true, "/referrals.csv": true, "/reconciliation": true, "/report.xlsx": true,
		"/reports/send": true, "/review/:id": true, "/links/:id/undo": true,
	} {
		if (route{path: path}).takesTime() != long {
			t.Errorf("%s takes its time: %t", path, !long)
		}
	}
}
