package continuity

import (
	"throughgate/sql"
)

// The counting statements, by file. What each counts and leaves out is written at its head.
var (
	rateSQL         = statement("rate")
	peopleSQL       = statement("people")
	adjustedSQL     = statement("adjusted")
	leadTimeSQL     = statement("lead_time")
	appointmentSQL  = statement("appointment")
	notReferredSQL  = statement("not_referred")
	smartSQL        = statement("smart")
	cjitSQL         = statement("cjit")
	timeToPickUpSQL = statement("time_to_pick_up")
	monthEndSQL     = statement("month_end")
	expectedSQL     = statement("expected")
	asKnownSQL      = statement("as_known")
	revisedSQL      = statement("revised")
	keptSQL         = statement("kept")
	latestSQL       = statement("latest")
)

func statement(name string) string {
	text, err := sql.Counting.ReadFile("counting/" + name + ".sql")
	if err != nil {
		panic(err) // it is built in
	}
	return string(text)
}
