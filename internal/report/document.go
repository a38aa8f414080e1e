package report

// document is the report in words, in the order in which it is read: every form of it is drawn from
// this, so that all say the same. It holds text only; no form can compute a figure of its own.
type document struct {
	Partnership string
	Subject     string
	Headline    string   // the sentence to quote
	Beside      string   // what always stands beside it
	Notes       []string // what readers should know before they quote it
	Compared    []string // with its own past, the target, England, the ambition
	Revised     []string // what the report before said otherwise, and why
	InTime      []string // the 21-day figure and the adjusted one
	Picture     picture
	Verdict     string // the control chart in words; "" without one
	Tables      []table
	Waiting     []answer
	Link        string // the signed-in page; "" when the service does not know its own address
	Made        []term // how the figures are made
	Hidden      string // what * means; "" when nothing is hidden
	lines       []figureLine
}

// picture is the PNG with what it shows in words; without PNG the words stand alone.
type picture struct {
	CID, Alt, Caption string
	Marks             []mark
	PNG               []byte
}

// table is one breakdown, each row a group with its cells.
type table struct {
	Title   string
	Columns []string
	Rows    []row
}

type row struct {
	Name  string
	Cells []string
}

// answer is yes or no to a question about work that is waiting.
type answer struct {
	Question string
	Yes      bool
}

// Word is the answer in words.
func (a answer) Word() string {
	if a.Yes {
		return "yes"
	}
	return "no"
}

type term struct{ Name, Text string }

// figureLine is one figure as CSV and XLSX carry it; what is hidden is "*", what does not exist "".
type figureLine struct {
	Start, End, Figure, Group, Of, PickedUp, Percent, Low, High, Note string
}

var figureColumns = []string{
	"Window start", "Window end", "Figure", "Group", "Of", "Of these", "Per cent", "95% low", "95% high", "Note",
}

func (l figureLine) cells() []string {
	return []string{l.Start, l.End, l.Figure, l.Group, l.Of, l.PickedUp, l.Percent, l.Low, l.High, l.Note}
}
