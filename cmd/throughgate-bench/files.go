package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// importFiles measures a prison's file of the most rows that are taken, and then a provider's of half as many: how
// long each takes and how much memory the program needs for it.
func (b *bench) importFiles() error {
	if err := b.fresh("files", ""); err != nil {
		return err
	}
	if _, err := b.tell("apikey", "create", "--organisation", "EXI"); err != nil { // brings the organisations in
		return err
	}
	today := time.Now()
	for _, f := range []struct {
		what, name string
		rows       int
		row        func(n int, today time.Time) string
		head       string
		args       []string
	}{
		{"prison's file", "prison.csv", b.rows, prisonRow, prisonHead, []string{"import", "prison-releases", "--prison", "EXI"}},
		{"provider's file", "provider.csv", b.rows / 2, providerRow, providerHead, []string{"import", "provider-pickups", "--provider", "HARBOUR"}},
	} {
		path := filepath.Join(b.dir, f.name)
		if err := writeRows(path, f.head, f.rows, func(n int) string { return f.row(n, today) }); err != nil {
			return err
		}
		for _, again := range []string{"", ", again"} {
			took, busy, peak, answer, err := b.importOne(append(f.args, path))
			if err != nil {
				return err
			}
			report(fmt.Sprintf("%s of %d rows%s", f.what, f.rows, again),
				fmt.Sprintf("%.0f s (%.0f s of processor), %d MiB", took.Seconds(), busy.Seconds(), peak>>20), "aim 60 s, 300 MiB")
			fmt.Fprintln(os.Stderr, answer)
		}
	}
	return b.asOwner(b.name, "ANALYZE") // as the server does by itself after a while
}

// importOne answers how long an import took, how long the program and its connections to the database were busy in
// that time, and the most memory that the program held.
func (b *bench) importOne(args []string) (took, busy time.Duration, peak int64, answer string, err error) {
	before, err := b.connectionsWereBusy()
	if err != nil {
		return 0, 0, 0, "", err
	}
	cmd := b.command(args...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	took = time.Since(began)
	if err != nil {
		return 0, 0, 0, "", err
	}
	time.Sleep(100 * time.Millisecond) // until the server has seen its connections end
	after, err := b.connectionsWereBusy()
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return took, after - before + cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10, string(out), err
}

// postmaster is the process that all the server's others are children of.
func (h *house) postmaster() (pid string, err error) {
	text, err := os.ReadFile(filepath.Join(h.Dir, "data", "postmaster.pid"))
	pid, _, _ = strings.Cut(string(text), "\n")
	return pid, err
}

// connectionsWereBusy is the processor time of all the server's processes that have ended, its connections above all.
func (h *house) connectionsWereBusy() (time.Duration, error) {
	pid, err := h.postmaster()
	if err != nil {
		return 0, err
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}
	_, fields, _ := strings.Cut(string(stat), ") ") // the third field and all after it
	const ended, ticks = 13, 100                    // cutime and cstime, in hundredths of a second
	var user, system int64
	if all := strings.Fields(fields); len(all) > ended+1 {
		user, _ = strconv.ParseInt(all[ended], 10, 64)
		system, _ = strconv.ParseInt(all[ended+1], 10, 64)
	}
	return time.Duration(user+system) * time.Second / ticks, nil
}

func writeRows(path, head string, rows int, row func(n int) string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	fmt.Fprintln(out, head)
	for n := range rows {
		if _, err := fmt.Fprintln(out, row(n)); err != nil {
			return err
		}
	}
	return out.Close()
}

const (
	prisonHead   = "First name,Surname,Date of birth,Sex,Client reference,Initial reception date,Drug 1,Drug 2,Drug 3,Discharge reason,Prison exit date,Prison exit reason,Prison exit destination,Referral on release status,Planned release date"
	providerHead = "Our reference,First name,Surname,Date of birth,Sex,Referral received,Appointment offered,Appointment attended,Structured treatment start,Notes"
)

var (
	givenNames  = []string{"Liam", "Alexander", "Declan", "Siân", "Scott", "Callum", "Łukasz", "Ryan", "Darren", "Kayleigh", "Owen", "Martin", "Jade"}
	familyNames = []string{"Phillips", "Smith", "Taylor", "O'Neill", "Jackson", "Wright", "Kowalski", "Pengelly", "Tremayne", "Walker", "Hughes", "Cole", "Martin-Webb", "Reed", "Hocking", "Bray", "Luxton"}
	substances  = []string{"Heroin", "Alcohol", "Cannabis", "Crack cocaine"}
)

// someone is the n-th person: one in nine rows is of a person released before. Births are spread over 50 years, so
// that, as in life, a few people share names and date of birth.
func someone(n int) (given, family, born, number string) {
	n -= n % 9 / 8
	birth := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n*7919%18_250)
	return givenNames[n%len(givenNames)], familyNames[n/13%len(familyNames)], slashed(birth),
		fmt.Sprintf("A%04d%c%c", n%10_000, 'A'+byte(n/10_000%26), 'A'+byte(n/260_000%26))
}

// exit of the n-th row: over the last three years and the three weeks to come, a person's second one 120 days later.
func exit(n int, today time.Time) time.Time {
	base := n - n%9/8
	return today.AddDate(0, 0, 21-base*104_729%1116-120*(1-n%9/8))
}

func slashed(t time.Time) string { return t.Format("02/01/2006") }

func prisonRow(n int, today time.Time) string {
	given, family, born, number := someone(n)
	out := exit(n, today)
	rest := fmt.Sprintf("Transferred - not in custody,%s,Released,%s,Yes - referred to community treatment,", slashed(out), map[bool]string{true: "OTHR", false: "PLYB"}[n%17 == 0])
	if out.After(today) {
		rest = ",,,,," + slashed(out)
	}
	return fmt.Sprintf("%s,%s,%s,Male,%s,%s,%s,%s,,%s", given, family, born, number, slashed(out.AddDate(0, -6, -n%30)), substances[n%4], substances[n/3%4], rest)
}

func providerRow(n int, today time.Time) string {
	n = n * 2
	given, family, born, _ := someone(n)
	out := exit(n, today)
	offered, attended, start := slashed(out.AddDate(0, 0, 2)), "", ""
	if n%10 < 6 {
		attended, start = slashed(out.AddDate(0, 0, 3)), slashed(out.AddDate(0, 0, 5+n%40))
	}
	if out.AddDate(0, 0, 45).After(today) {
		attended, start = "", ""
	}
	return fmt.Sprintf("HB%d,%s,%s,%s,Male,%s,%s,%s,%s,", n, given, family, born, slashed(out.AddDate(0, 0, -10)), offered, attended, start)
}
