package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// accept measures accepted referrals a second through HTTP, each a new person with a planned date and so with an
// appointment, beside pgbench sending the same statements to the same database.
func (b *bench) accept() error {
	aims := map[int]string{1: "aim 0.55", 8: "aim 0.65", 32: "aim 0.80"}
	for _, text := range strings.Split(b.clients, ",") {
		clients, err := strconv.Atoi(text)
		if err != nil || clients < 1 {
			return fmt.Errorf("%q is no number of clients", text)
		}
		if err := b.acceptWith(clients, aims[clients]); err != nil {
			return err
		}
	}
	return nil
}

// manyPlaces are clinics enough that none of the referrals stays without an appointment: 7,200 places each working day.
var manyPlaces = lines(
	"prisons:",
	"  - {code: EXI, name: HMP Exeter}",
	"providers:",
	"  - code: HARBOUR",
	"    name: Harbour",
	"    clinics:",
	clinic("monday"), clinic("tuesday"), clinic("wednesday"), clinic("thursday"), clinic("friday"),
	"allocation: {target_working_days: 3, within_days: 21, release_day_from: '13:00', open_weeks: 4}",
)

func clinic(weekday string) string {
	return fmt.Sprintf("      - {code: %s, weekday: %s, start: '08:00', end: '20:00', slot_minutes: 10, places: 100, prescribing: true, "+
		"place: Harbour Centre, address: 'Ashburton House, Plymouth', ask_for: the duty worker, telephone: '01752 000000', directions: ''}",
		strings.ToUpper(weekday[:3]), weekday)
}

func (b *bench) acceptWith(clients int, aim string) error {
	if err := b.fresh(fmt.Sprintf("accept_%d", clients), manyPlaces); err != nil {
		return err
	}
	key, err := b.tell("apikey", "create", "--organisation", "EXI")
	if err != nil {
		return err
	}
	first, second, err := b.capture([]string{"api_key", "referral"}, func(s *server) error {
		return b.once(s, referralRequest(key), http.StatusCreated)
	})
	if err != nil {
		return err
	}
	same, err := newScript(first, second)
	if err != nil {
		return err
	}
	s, err := b.serve()
	if err != nil {
		return err
	}
	defer s.stop()
	next := func() []byte { return referralRequest(key) }
	if _, err := b.load(s, clients, next, http.StatusCreated); err != nil { // once to warm up
		return err
	}
	ours, theirs, ratio, err := b.alternately(
		func() (float64, error) { return b.load(s, clients, next, http.StatusCreated) },
		func() (float64, error) { return b.pgbench(same, clients) })
	if err != nil {
		return err
	}
	report(fmt.Sprintf("accepted referrals a second, %d clients", clients), fmt.Sprintf("%.0f, pgbench %.0f, ratio %.2f", ours, theirs, ratio), aim)
	return b.eachHasOneAppointment()
}

// eachHasOneAppointment makes sure that both have done the whole work.
func (b *bench) eachHasOneAppointment() error {
	without, err := b.count(`SELECT count(*) FROM referral r WHERE (SELECT count(*) FROM appointment a WHERE a.referral_id = r.id) <> 1`)
	if err == nil && without > 0 {
		err = fmt.Errorf("%d referrals have no appointment", without)
	}
	return err
}

// nobodyYet counts the people referred: each is new.
var nobodyYet atomic.Int64

// referralRequest is a whole POST of somebody whom nobody knows yet, to be released in three days.
func referralRequest(key string) []byte {
	n := nobodyYet.Add(1)
	born := time.Now().AddDate(-40, 0, -30-int(n%300)) // of one age, so that equal requests differ in ids alone
	body := fmt.Sprintf(`{"sender_reference": "B-%d", "prison": "EXI", "provider": "HARBOUR",
 "person": {"prison_number": "%c%04d%c%c", "given_name": "Sian", "family_name": "O'Neill", "date_of_birth": "%s", "sex": "female"},
 "planned_release_date": "%s", "release_kind": "conditional", "release_date_certainty": "expected", "substances": ["heroin", "crack cocaine"],
 "opioid_substitution": {"medicine": "methadone"}, "naloxone_supplied": true, "attends_smart": true, "reconnect_referred": false,
 "consent": {"share_with_provider": "given", "share_with_reconnect": "refused", "recorded_on": "%s"}, "notes": "Prefers mornings."}`,
		n, 'A'+n/6_760_000, n%10_000, 'A'+n/10_000%26, 'A'+n/260_000%26, born.Format(time.DateOnly),
		time.Now().AddDate(0, 0, 3).Format(time.DateOnly), time.Now().AddDate(0, 0, -1).Format(time.DateOnly))
	return []byte(strings.Join([]string{"POST /api/v1/referrals HTTP/1.1", "Host: localhost", "Authorization: Bearer " + key,
		"Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)), "", body}, "\r\n"))
}

// load sends requests from so many clients at once, one after the other on a connection of its own each, and
// answers how many a second were answered as expected. Like pgbench it does little itself: both share the processors
// with what they measure.
func (b *bench) load(s *server, clients int, next func() []byte, want int) (perSecond float64, err error) {
	var wait sync.WaitGroup
	counts, faults := make([]int, clients), make([]error, clients)
	began := time.Now()
	end := began.Add(time.Duration(b.seconds) * time.Second)
	for c := range clients {
		wait.Go(func() {
			faults[c] = onConnection(s.address, func(send func([]byte, int) error) error {
				for time.Now().Before(end) {
					if err := send(next(), want); err != nil {
						return err
					}
					counts[c]++
				}
				return nil
			})
		})
	}
	wait.Wait()
	took := time.Since(began).Seconds()
	total := 0
	for c := range clients {
		if faults[c] != nil {
			return 0, faults[c]
		}
		total += counts[c]
	}
	return float64(total) / took, nil
}

func (b *bench) once(s *server, request []byte, want int) error {
	return onConnection(s.address, func(send func([]byte, int) error) error { return send(request, want) })
}

func onConnection(address string, do func(send func([]byte, int) error) error) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	read := bufio.NewReader(conn)
	return do(func(request []byte, want int) error {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		answer, err := http.ReadResponse(read, nil)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != want {
			said, _ := io.ReadAll(answer.Body)
			return fmt.Errorf("answered %d: %s", answer.StatusCode, said)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	})
}
