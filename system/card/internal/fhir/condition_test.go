package fhir

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// However many create at once on conditions that one resource meets, in whatever
// words, make one.
func TestConditionalCreateNeverDoubles(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		for round := range 6 {
			var all sync.WaitGroup
			var mu sync.Mutex
			statuses, ids := map[int]int{}, map[string]bool{}
			number := fmt.Sprint("urn:lab|", round)
			release := s.hold(t)
			conditions := []string{"identifier=" + number, "identifier=" + number + "&status=final", "status=final&identifier=" + number, "identifier=urn:other|1," + number}
			for n := range 24 {
				all.Go(func() {
					got := s.put(t, "POST", "/Observation", strings.Replace(fmt.Sprintf(observation, patientID), `"status"`, fmt.Sprintf(`"identifier":[{"system":"urn:lab","value":"%d"}],"status"`, round), 1),
						"If-None-Exist", conditions[n%len(conditions)])
					mu.Lock()
					defer mu.Unlock()
					statuses[got.status]++
					ids[got.id()] = true
				})
			}
			release()
			all.Wait()
			if statuses[201] != 1 || statuses[200] != 23 || len(ids) != 1 {
				t.Errorf("%v %v", statuses, ids)
			}
		}
		for round := 6; round < 12; round++ { // also those that name no number
			var all sync.WaitGroup
			var made atomic.Int64
			release := s.hold(t)
			for n := range 12 {
				all.Go(func() {
					condition := []string{"date=2031-01-0" + fmt.Sprint(round-5), "identifier=" + fmt.Sprint("urn:lab|", round), "status=preliminary&date=2031-01-0" + fmt.Sprint(round-5)}[n%3]
					body := strings.Replace(fmt.Sprintf(observation, patientID), `"status":"final"`, fmt.Sprintf(`"identifier":[{"system":"urn:lab","value":"%d"}],"status":"preliminary"`, round), 1)
					body = strings.Replace(body, "2026-11-21", fmt.Sprint("2031-01-0", round-5), 1)
					switch got := s.put(t, "POST", "/Observation", body, "If-None-Exist", condition); got.status {
					case 201:
						made.Add(1)
					case 200:
					default:
						t.Errorf("%d %s", got.status, got.body)
					}
				})
			}
			release()
			all.Wait()
			if made.Load() != 1 {
				t.Errorf("%d were made", made.Load())
			}
		}
	})
}

// Conditions that name no number, and one that does, tried before any of them has
// written what it would make: they take turns, and one makes it.
func TestConditionsThatMeetMakeOne(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		for round := range 3 {
			day := fmt.Sprint("2032-01-0", round+1)
			body := strings.Replace(fmt.Sprintf(observation, patientID), `"status":"final"`, `"identifier":[{"system":"urn:lab","value":"`+day+`"}],"status":"preliminary"`, 1)
			body = strings.Replace(body, "2026-11-21", day, 1)
			holding, enough := make(chan struct{}), make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				if s.db.Dialect != db.Postgres { // SQLite has one writer
					close(holding)
					return
				}
				err := s.db.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, `LOCK TABLE fhir_resource IN SHARE MODE`)
					close(holding)
					<-enough
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
			<-holding
			var made atomic.Int64
			for n := range 6 {
				condition := []string{"date=" + day, "status=preliminary&date=" + day, "identifier=urn:lab|" + day}[n%3]
				all.Go(func() {
					switch got := s.put(t, "POST", "/Observation", body, "If-None-Exist", condition); got.status {
					case 201:
						made.Add(1)
					case 200:
					default:
						t.Errorf("%d %s", got.status, got.body)
					}
				})
				time.Sleep(20 * time.Millisecond) // not all in one group
			}
			time.Sleep(100 * time.Millisecond)
			close(enough)
			all.Wait()
			if made.Load() != 1 {
				t.Errorf("%d were made", made.Load())
			}
		}
	})
}

// Of those who are written together one is refused when the others' writes have
// begun: they stand, and nothing of the one does.
func TestARefusedOneLeavesItsNeighboursAlone(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		body := func(n int) string {
			return strings.Replace(fmt.Sprintf(observation, patientID), `"status":"final"`, fmt.Sprintf(`"identifier":[{"system":"urn:near","value":"%d"}],"status":"preliminary"`, n), 1)
		}
		device := s.put(t, "PUT", "/Device/d1", `{"resourceType":"Device","id":"d1"}`).is(t, 201)
		release := s.hold(t)
		var all sync.WaitGroup
		for n := range 6 {
			all.Go(func() {
				if n%2 == 0 {
					s.put(t, "POST", "/Observation", body(n), "If-None-Exist", fmt.Sprint("identifier=urn:near|", n)).is(t, 201)
					return
				}
				// Its condition may be met by what the one before it makes: that is written first.
				s.put(t, "POST", "/", bundleOf("transaction",
					item1("POST", "Observation", "", strings.Replace(body(n), "preliminary", "amended", 1), "ifNoneExist", "status=amended"),
					item1("PUT", "Device/d1", "", `{"resourceType":"Device","id":"d1","status":"active"}`, "ifMatch", `W/"7"`))).is(t, 412)
			})
			time.Sleep(10 * time.Millisecond)
		}
		release()
		all.Wait()
		if n := count(t, s.db, `SELECT COUNT(*) FROM fhir_mark WHERE param = 'identifier' AND system = 'urn:near'`); n != 3 {
			t.Errorf("%d of 3 stand", n)
		}
		if after := s.get(t, "/Device/d1", "machine"); after.header.Get("ETag") != device.header.Get("ETag") {
			t.Errorf("%s", after.body)
		}
	})
}

// A condition finds what fits it, makes what is not there, and is refused where
// it cannot be understood, says nothing or fits several.
func TestConditions(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		s.put(t, "POST", "/Observation", fmt.Sprintf(observation, patientID)).is(t, 201)
		for _, c := range []struct {
			condition string
			status    int
		}{
			{"nothing=1", 400},
			{"_count=1", 400},
			{"%zz", 400},
			{"status=", 400},
			{"patient=" + patientID, 200},
			{"status=preliminary&patient=" + patientID, 201},
			{"patient=" + patientID, 412},
			{"status=final&patient=", 412},
			{"", 201},
		} {
			if got := s.put(t, "POST", "/Observation", fmt.Sprintf(observation, patientID), "If-None-Exist", c.condition); got.status != c.status {
				t.Errorf("%q: %d %s", c.condition, got.status, got.body)
			}
		}
		if got := s.put(t, "POST", "/Observation", fmt.Sprintf(observation, patientID), "If-None-Exist", "status=final"); got.status != 412 {
			t.Errorf("several fit: %d", got.status)
		}
		// Conditional update: none makes one, one is changed, several are refused.
		body := strings.Replace(fmt.Sprintf(observation, patientID), `"status":"final"`, `"identifier":[{"system":"urn:lab","value":"8"}],"status":"amended"`, 1)
		first := s.put(t, "PUT", "/Observation?identifier=urn:lab|8", body).is(t, 201)
		again := s.put(t, "PUT", "/Observation?identifier=urn:lab|8", strings.Replace(body, "amended", "corrected", 1)).is(t, 200)
		if first.id() != again.id() || again.header.Get("ETag") != `W/"2"` {
			t.Errorf("%s %s", first.body, again.body)
		}
		s.put(t, "PUT", "/Observation?status=final", body).is(t, 412)
		s.put(t, "PUT", "/Observation?unknown=1", body).is(t, 400)
		s.put(t, "PUT", "/Observation", body).is(t, 400)
		s.put(t, "DELETE", "/Observation?identifier=urn:lab|8", "").is(t, 204)
		s.put(t, "DELETE", "/Observation?identifier=urn:lab|8", "").is(t, 404)
	})
}

// twoProcesses are the answers of two processes on one database which are asked at
// once: on PostgreSQL each has read before the other has written.
func (s *sample) twoProcesses(t *testing.T, ask func(process *sample, n int) answer) (one, other answer) {
	t.Helper()
	answers := make(chan answer, 2)
	both := func() {
		for n, process := range []*sample{s, s.again(t)} {
			go func() { answers <- ask(process, n) }()
		}
	}
	if s.db.Dialect != db.Postgres { // SQLite has one writer
		both()
		return <-answers, <-answers
	}
	err := s.db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `LOCK TABLE fhir_resource IN SHARE MODE`); err != nil {
			return err
		}
		both()
		for waiting := 0; waiting < 2; { // one for the table, the other for it or for its turn
			row := s.db.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
			if err := row.Scan(&waiting); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return <-answers, <-answers
}

// Two processes that register one person at once make one: the other is told who it is.
func TestTwoProcessesRegisterOnePersonOnce(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		body := `{"resourceType":"Patient","identifier":[{"system":"` + datatype.SIDPIN + `","value":"21505199000147"}],"name":[{"family":"Асанов"}]}`
		one, other := s.twoProcesses(t, func(process *sample, _ int) answer { return process.put(t, "POST", "/Patient", body) })
		if one.status > other.status {
			one, other = other, one
		}
		if one.status != 201 || other.status != 409 || !strings.Contains(string(other.body), "Patient/"+one.id()) {
			t.Errorf("%d %s, %d %s", one.status, one.body, other.status, other.body)
		}
	})
}

// Two processes on one database create on conditions that one resource meets: each has
// looked for it before the other has written, and they take turns all the same.
func TestConditionalCreateOfTwoProcessesMakesOne(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		for _, conditions := range [][]string{
			{"identifier=urn:lab|two", "identifier=urn:lab|two"}, {"identifier=urn:lab|three&status=final", "identifier=urn:other|1,urn:lab|three"},
		} {
			_, number, _ := strings.Cut(strings.Split(conditions[0], "&")[0], "|")
			body := strings.Replace(fmt.Sprintf(observation, patientID), `"status"`, `"identifier":[{"system":"urn:lab","value":"`+number+`"}],"status"`, 1)
			one, other := s.twoProcesses(t, func(process *sample, n int) answer {
				return process.put(t, "POST", "/Observation", body, "If-None-Exist", conditions[n])
			})
			if one.status+other.status != 201+200 || one.id() != other.id() {
				t.Errorf("%v: %d %s, %d %s", conditions, one.status, one.body, other.status, other.body)
			}
		}
	})
}
