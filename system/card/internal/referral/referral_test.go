package referral

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// The hospitals beside the tests' own.
const (
	second = "950201"
	third  = "950301"
)

const patientPIN = "21209196000217"

// world is three hospitals of one card, with a patient.
type world struct {
	t       testing.TB
	desk    *desk.Desk
	clock   *clock.Manual
	patient patient.Patient
}

func words(ru string) text.Words { return text.Words{KY: ru, RU: ru, EN: ru} }

// cardTexts are the words of the card, as the program has them.
func cardTexts() fs.FS { return os.DirFS("../..") }

func newWorld(t testing.TB, d *db.DB) world {
	t.Helper()
	n := cardtest.New()
	for _, code := range []string{second, third} {
		n.Orgs = append(n.Orgs, workforceapi.Organisation{Code: code, Kind: "hospital", Name: words("Больница " + code), ShortName: words("Больница " + code), Departments: []workforceapi.Department{
			{Code: "18", Name: words("Терапия"), Profile: "therapy", Beds: []workforceapi.Bed{{ID: code + "-18-1-1", Room: "1", Name: "1-1"}, {ID: code + "-18-1-2", Room: "1", Name: "1-2"}}},
		}})
	}
	sits, now := cardtest.Desk(t, d, n)
	sits.Site = &page.Site{System: "card", Texts: text.MustLoad(design.Texts, cardTexts()), Log: slog.New(slog.DiscardHandler)}
	w := world{t: t, desk: sits, clock: now}
	p, _, err := patient.Register(w.as("11503198500123", "Асанова А. М.", cardtest.Hospital, workforceapi.Doctor), sits, patient.Patient{
		PIN: patientPIN, FamilyName: "Жумабеков", GivenName: "Эрмек", BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12}, Sex: patient.Male,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.patient = p
	return w
}

func each(t *testing.T, run func(t *testing.T, w world)) {
	t.Helper()
	eachDB(t, func(t *testing.T, d *db.DB) { run(t, newWorld(t, d)) })
}

// prepared is a migrated database that every test has a copy of.
var prepared = dbtest.Prepared{Fill: func(address string) error {
	d, err := db.Open(context.Background(), address, "card", db.Options{})
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(context.Background(), migration.Sets...), d.Close())
}}

func TestMain(m *testing.M) {
	code := m.Run()
	prepared.Remove()
	os.Exit(code)
}

func eachDB(t *testing.T, run func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Both(t,
		func(t *testing.T) { run(t, dbtest.Open(t, prepared.SQLite(t), "card")) },
		func(t *testing.T) { run(t, dbtest.Open(t, prepared.Postgres(t), "card")) })
}

// as is a context in which somebody of the organisation acts.
func (w world) as(number, name, organisation string, role workforceapi.Role) context.Context {
	ctx := text.With(context.Background(), w.desk.Site.Texts, text.RU)
	return desk.With(ctx, desk.Staff{PIN: number, Name: name, Post: workforceapi.Post{
		ID: number, PIN: number, PersonName: name, Role: role, Title: words("Врач"), Organisation: organisation, OrganisationName: words(organisation),
	}})
}

func (w world) sender() context.Context {
	return w.as("11503198500123", "Асанова А. М.", cardtest.Hospital, workforceapi.Doctor)
}

func (w world) receiver() context.Context {
	return w.as("20312198200733", "Кененсариев А. Т.", second, workforceapi.Doctor)
}

func (w world) thirdDoctor() context.Context {
	return w.as("20711199000377", "Исаков Д. К.", third, workforceapi.Doctor)
}

func (w world) writing() Writing {
	return Writing{
		Once: id.New(), Patient: w.patient.ID, Kind: Form057 + "/" + Hospitalisation, Urgency: "planned", Organisation: second, Department: "18",
		Code: "J18.9", Reason: "Стационарное лечение", History: "Кашель, температура.",
	}
}

func (w world) send(in Writing) Referral {
	w.t.Helper()
	referralID, err := Write(w.sender(), w.desk, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.get(referralID)
}

func (w world) get(referralID string) Referral {
	w.t.Helper()
	r, ok, err := find(context.Background(), w.desk.DB.Read, referralID)
	if err != nil || !ok {
		w.t.Fatalf("%s: %v %v", referralID, ok, err)
	}
	return r
}

func (w world) exec(query string, args ...any) {
	w.t.Helper()
	err := w.desk.DB.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.desk.DB.Read.QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// stay is the patient's stay in the sender's hospital with a laboratory answer.
func (w world) stay() (stayID, answerID string) {
	w.t.Helper()
	ctx := w.sender()
	stayID = id.New()
	at := db.Micros(w.clock.Now().Add(-48 * time.Hour))
	w.exec(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year, department, doctor_pin, doctor_name, created_at, created_by)
		VALUES ($1, $2, $3, 'open', 'planned', $4, 0, 'self', '', 1, '18', 'd', 'd', $4, 'd')`, stayID, w.patient.ID, cardtest.Hospital, at)
	asked := request.Asking{Once: id.New(), Kind: request.Laboratory, Name: "ОАК"}
	if err := request.Ask(ctx, w.desk, stayID, asked); err != nil {
		w.t.Fatal(err)
	}
	answerID = id.New()
	err := request.Reply(ctx, w.desk, stayID, request.Answering{Once: answerID, Request: asked.Once, At: w.clock.Now().Add(-time.Hour), Findings: []request.Finding{{Name: "Гемоглобин", Value: "90", Low: 130, High: 160}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return stayID, answerID
}

// Sent, accepted for a day, closed by the admission: the whole way.
func TestAReferralIsAcceptedAndClosedByTheAdmission(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		in := w.writing()
		r := w.send(in)
		if again, err := Write(w.sender(), w.desk, in); err != nil || again != r.ID || w.count(`SELECT COUNT(*) FROM referral`) != 1 {
			t.Fatalf("pressed twice: %v", err)
		}
		if r.Number != "000000195017426" || r.State != Sent || r.ValidUntil.String() != "2026-12-21" || r.Diagnosis == "" {
			t.Fatalf("%+v", r)
		}
		twin := w.writing()
		if _, err := Write(w.sender(), w.desk, twin); !fail.Is(err, fail.Conflict) {
			t.Fatal("a second to the same place:", err)
		}
		if r2 := w.send(func() Writing { twin.Organisation = third; return twin }()); r2.Number != "000000295017426" {
			t.Fatalf("a refused one took a number: %s", r2.Number)
		}
		at := w.clock.Now().Add(40 * 24 * time.Hour)
		for _, bad := range []time.Time{w.clock.Now(), w.clock.Now().Add(200 * 24 * time.Hour)} {
			if err := Accept(w.receiver(), w.desk, Acting{r.ID, 1}, bad, ""); !fail.Is(err, fail.Invalid) {
				t.Errorf("accepted for %v: %v", bad, err)
			}
		}
		if err := Accept(w.sender(), w.desk, Acting{r.ID, 1}, at, ""); !fail.Is(err, fail.Forbidden) {
			t.Error("the sender accepts:", err)
		}
		if err := Accept(w.thirdDoctor(), w.desk, Acting{r.ID, 1}, at, ""); !fail.Is(err, fail.NotFound) {
			t.Error("a stranger accepts:", err)
		}
		if err := Accept(w.receiver(), w.desk, Acting{r.ID, 1}, at, "Натощак"); err != nil {
			t.Fatal(err)
		}
		if err := NotComing(w.receiver(), w.desk, Acting{r.ID, 2}, ""); !fail.Is(err, fail.Conflict) {
			t.Error("not come before the day:", err)
		}
		r = w.get(r.ID)
		if r.State != Accepted || !r.AppointedAt.Equal(at) || r.ValidUntil != clock.DateOf(at.Add(3*24*time.Hour)) {
			t.Fatalf("%+v", r)
		}
		drawer := Drawer{w.desk}
		found, err := drawer.Waiting(w.receiver(), w.patient, second)
		if err != nil || len(found) != 1 || found[0].ID != r.ID || found[0].Urgent {
			t.Fatalf("%+v %v", found, err)
		}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				in := w.writing()
				in.Kind = Form057 + "/" + Examination
				if _, err := Write(w.sender(), w.desk, in); err != nil && !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := w.count(`SELECT COUNT(*) FROM referral WHERE purpose = 'examination'`); n != 1 {
			t.Errorf("%d alike, written at once", n)
		}
		admission := reception.Admission{
			Patient: w.patient.ID, Kind: reception.Planned, At: w.clock.Now(), BroughtBy: "referral", ReferralID: r.ID,
			Admission: reception.Diagnosis{Code: "J18.9"}, Department: "18", Bed: second + "-18-1-1", DoctorPIN: "20312198200733",
		}
		stayID := id.New()
		w.exec(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year, department, doctor_pin, doctor_name, created_at, created_by)
			VALUES ($1, $2, $3, 'open', 'planned', 1, 0, 'self', '', 1, '18', 'd', 'd', 1, 'd')`, stayID, w.patient.ID, second)
		closes := func(organisation string) error {
			return w.desk.DB.Tx(w.receiver(), func(ctx context.Context, tx *sql.Tx) error {
				return drawer.Close(ctx, tx, admission.ReferralID, w.patient, organisation, stayID)
			})
		}
		if err := closes(third); !fail.Is(err, fail.Conflict) {
			t.Error("closed by a stranger:", err)
		}
		if err := closes(second); err != nil {
			t.Fatal(err)
		}
		if err := closes(second); !fail.Is(err, fail.Conflict) {
			t.Error("closed twice:", err)
		}
		if r = w.get(r.ID); r.State != Admitted || r.StayID != stayID {
			t.Fatalf("%+v", r)
		}
		if err := Withdraw(w.sender(), w.desk, Acting{r.ID, r.Version}, "x"); !fail.Is(err, fail.Conflict) {
			t.Error("withdrawn after the admission:", err)
		}
		if n := w.count(`SELECT COUNT(*) FROM access_record WHERE subject_pin = $1 AND action IN ('referral.write', 'referral.accepted', 'referral.admitted')`, patientPIN); n != 5 {
			t.Errorf("%d records of access", n)
		}
	})
}

// Two who answer at once: one wins, the other is told; an answer to what was
// seen before a change is none.
func TestOfTwoAnswersAtOnceOneWins(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		r := w.send(w.writing())
		at := w.clock.Now().Add(24 * time.Hour)
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 6 {
			group.Go(func() {
				var err error
				switch i % 3 {
				case 0:
					err = Accept(w.receiver(), w.desk, Acting{r.ID, 1}, at, "")
				case 1:
					err = Refuse(w.receiver(), w.desk, Acting{r.ID, 1}, "Нет мест")
				case 2:
					_, err = Redirect(w.receiver(), w.desk, Acting{r.ID, 1}, id.New(), third, "18", "Нет мест")
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won != 1 || w.count(`SELECT COUNT(*) FROM referral_step WHERE referral_id = $1`, r.ID) != 2 {
			t.Fatalf("%d answers won", won)
		}
		if heirs := w.count(`SELECT COUNT(*) FROM referral WHERE replaces = $1`, r.ID); (w.get(r.ID).State == Redirected) != (heirs == 1) {
			t.Errorf("%d heirs of a referral that is %s", heirs, w.get(r.ID).State)
		}
	})
}

// A redirected referral has one heir; the first sender sees the whole chain, a
// stranger nothing, and a patient is not sent round in a circle.
func TestARedirectionKeepsTheChain(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		stayID, answerID := w.stay()
		in := w.writing()
		in.Stay, in.Results = stayID, []string{answerID}
		r := w.send(in)
		if _, err := Redirect(w.receiver(), w.desk, Acting{r.ID, 1}, id.New(), cardtest.Hospital, "18", "Обратно"); !fail.Is(err, fail.Invalid) {
			t.Error("sent back in a circle:", err)
		}
		var said []string
		_, err := Redirect(w.receiver(), w.desk, Acting{r.ID, 1}, id.New(), "", "", "")
		for _, f := range fail.As(err).Findings {
			said = append(said, f.Field)
		}
		if !slices.Equal(said, []string{"to", "note_redirected"}) {
			t.Error("what is wrong is not said all at once:", said)
		}
		heirID, err := Redirect(w.receiver(), w.desk, Acting{r.ID, 1}, id.New(), third, "18", "Нет мест")
		if err != nil {
			t.Fatal(err)
		}
		heir, old := w.get(heirID), w.get(r.ID)
		if old.State != Redirected || heir.State != Sent || heir.Replaces != r.ID || heir.Root != r.ID || heir.From != second || heir.To != third || heir.Number != "000000195020126" {
			t.Fatalf("%+v\n%+v", old, heir)
		}
		if _, err := Open(w.sender(), w.desk, heirID); err != nil {
			t.Error("the first sender does not see what became of it:", err)
		}
		if _, err := Open(w.thirdDoctor(), w.desk, r.ID); !fail.Is(err, fail.NotFound) {
			t.Error("the last receiver sees the first referral:", err)
		}
		for name, c := range map[string]struct {
			ctx   context.Context
			of    Referral
			shown int
		}{
			"owner": {w.sender(), heir, 1}, "new receiver": {w.thirdDoctor(), heir, 1}, "who redirected": {w.receiver(), heir, 0}, "who redirected, old": {w.receiver(), old, 0},
		} {
			if shown, hidden, err := Look(c.ctx, w.desk, c.of); err != nil || len(shown) != c.shown || len(shown)+hidden != 1 {
				t.Errorf("%s sees %d, %v", name, len(shown), err)
			}
		}
	})
}

// What is attached is seen by the receiver while the referral is open or the stay
// lasts, and each look is recorded.
func TestResultsAreSeenWhileTheReferralIsOpenOrTheStayLasts(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		stayID, answerID := w.stay()
		in := w.writing()
		in.Stay, in.Results = stayID, []string{id.New()}
		if _, err := Write(w.sender(), w.desk, in); !fail.Is(err, fail.Invalid) {
			t.Fatal("a result that is not there:", err)
		}
		in.Results = []string{answerID}
		r := w.send(in)
		look := func(want int, when string) {
			t.Helper()
			before := w.count(`SELECT COUNT(*) FROM access_record WHERE action = 'referral.results'`)
			shown, _, err := Look(w.receiver(), w.desk, w.get(r.ID))
			if err != nil || len(shown) != want {
				t.Fatalf("%s: %d shown, %v", when, len(shown), err)
			}
			if n := w.count(`SELECT COUNT(*) FROM access_record WHERE action = 'referral.results'`) - before; n != want {
				t.Errorf("%s: %d looks recorded", when, n)
			}
		}
		look(1, "sent")
		w.exec(`UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, stayID, db.Micros(w.clock.Now()))
		there := id.New()
		w.exec(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year, department, doctor_pin, doctor_name, created_at, created_by)
			VALUES ($1, $2, $3, 'open', 'planned', 1, 0, 'referral', '', 1, '18', 'd', 'd', 1, 'd')`, there, w.patient.ID, second)
		err := w.desk.DB.Tx(w.receiver(), func(ctx context.Context, tx *sql.Tx) error {
			return Drawer{w.desk}.Close(ctx, tx, r.ID, w.patient, second, there)
		})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(60 * 24 * time.Hour)
		look(1, "in the stay, long past the last day")
		w.exec(`UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, there, db.Micros(w.clock.Now()))
		look(0, "after the discharge")
		if shown, _, err := Look(w.sender(), w.desk, w.get(r.ID)); err != nil || len(shown) != 1 {
			t.Errorf("the owner sees %d, %v", len(shown), err)
		}
	})
}

// The rule of access by itself, for any state and moment.
func TestAccessHoldsToTheMoment(t *testing.T) {
	seed := rand.New(rand.NewPCG(1, 2))
	for n := range 5000 {
		last := clock.DateOf(cardtest.Start.AddDate(0, 0, seed.IntN(400)))
		r := Referral{From: "a", To: "b", State: States[seed.IntN(len(States))], ValidUntil: last}
		now := r.End().Add(time.Duration(seed.Int64N(int64(48*time.Hour))) - 24*time.Hour)
		if n%10 < 2 { // the last moment of the last day, and the first after it
			now = r.End().Add(-time.Duration(n%10) * time.Microsecond)
		}
		lasts := seed.IntN(2) == 0
		o := Result{Owner: "a"}
		want := (r.State == Sent || r.State == Accepted) && clock.DateOf(now).String() <= last.String() || r.State == Admitted && lasts
		if got := r.Shows(o, "b", now, lasts); got != want {
			t.Fatalf("%s, last day %s, at %s, stay lasts %v: shown %v", r.State, last, now.In(clock.Bishkek), lasts, got)
		}
		if !r.Shows(o, "a", now, lasts) || r.Shows(o, "c", now, lasts) || r.Shows(o, "", now, lasts) || r.Shows(Result{}, "", now, lasts) || r.Shows(Result{Owner: "x"}, "a", now, lasts) {
			t.Fatalf("%s: who else sees", r.State)
		}
		if r.Open(now) && r.Late(now) {
			t.Fatal("open and late at once")
		}
	}
}

// Days: a referral of n days holds to the end of its n-th day in Bishkek; an
// accepted day never shortens it.
func TestDeadlines(t *testing.T) {
	for days := 1; days <= 400; days++ {
		first := clock.DateOf(cardtest.Start.AddDate(0, 0, days))
		last := lastDay(first, days)
		if first.DaysUntil(last) != days-1 || !end(last).Equal(first.Start().AddDate(0, 0, days)) {
			t.Fatalf("%d days from %s: %s", days, first, last)
		}
		at := first.Start().Add(9 * time.Hour)
		until := appointed(last, at, 3)
		if until.Before(last) || first.DaysUntil(until) < 3 {
			t.Fatalf("accepted for %s: %s", first, until)
		}
	}
	each(t, func(t *testing.T, w world) {
		w.exec(`UPDATE referral_rule SET until_day = '2026-11-24' WHERE what = '028.urgent'`)
		w.exec(`INSERT INTO referral_rule (what, days, from_day, until_day, source) VALUES ('028.urgent', 9, '2026-11-24', '', 'test')`)
		for day, want := range map[int]int{22: 5, 23: 5, 24: 9, 30: 9} {
			rule, err := Validity(t.Context(), w.desk.DB.Read, Form028, "urgent", clock.Date{Year: 2026, Month: 11, Day: day})
			if err != nil || rule.Days != want || rule.Source == "" {
				t.Errorf("on %d: %+v %v", day, rule, err)
			}
		}
		r := w.send(w.writing())
		w.clock.Advance(r.End().Sub(w.clock.Now()) - time.Microsecond)
		if err := Accept(w.receiver(), w.desk, Acting{r.ID, 1}, w.clock.Now().Add(time.Hour), ""); err != nil {
			t.Fatal("in the last moment:", err)
		}
		r = w.get(r.ID)
		w.clock.Advance(r.End().Sub(w.clock.Now()) + 10*time.Second)
		if err := Refuse(w.receiver(), w.desk, Acting{r.ID, 2}, "x"); !fail.Is(err, fail.Conflict) {
			t.Error("answered when it was late:", err)
		}
		if found, err := (Drawer{w.desk}).Waiting(w.receiver(), w.patient, second); err != nil || len(found) != 0 {
			t.Errorf("waits when it is late: %+v %v", found, err)
		}
		w.runJobs()
		if r = w.get(r.ID); r.State != Expired {
			t.Errorf("still %s", r.State)
		}
	})
}

// runJobs does the room's jobs that are due, the messages into box.
func (w world) runJobs() []messageapi.Message {
	w.t.Helper()
	box := &inbox{}
	notifier := Notifier{Desk: w.desk, Messages: box, Mailbox: "http://mail.localhost"}
	w.desk.Queue.Handle(NotifyJob, policyOfTests, notifier.Notify)
	w.desk.Queue.Handle(ExpireJob, policyOfTests, Expire(w.desk))
	drain(w.t, w.desk)
	return box.all
}
