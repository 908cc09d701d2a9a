package maternity

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const (
	clinicCode = "950501"
	womanPIN   = "10101199500012"
	strangePIN = "10101198000018"
)

// world is a clinic, a hospital in which the woman lies, and the exchange
// between them.
type world struct {
	*testing.T
	d         *desk.Desk
	now       *clock.Manual
	n         *cardtest.Neighbours
	store     *db.DB
	clinic    context.Context // of the clinic's doctor
	hospital  context.Context // of the hospital's doctor
	woman     patient.Patient
	pregnancy string
	stayID    string
	card      *exchangeapi.Provider
}

// RoundTrip leads messages for the card to the card itself.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
	if err != nil || target.Provider != exchangeapi.Card {
		return w.n.RoundTrip(r)
	}
	asked := httptest.NewRequestWithContext(r.Context(), r.Method, "/exchange/"+target.Service+target.Rest, r.Body)
	asked.Header = r.Header.Clone()
	answer := httptest.NewRecorder()
	w.card.ServeHTTP(answer, asked)
	return answer.Result(), nil
}

func each(t *testing.T, weeks int, run func(w *world)) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		n.Orgs = append(n.Orgs, workforceapi.Organisation{Code: clinicCode, Kind: "outpatient"})
		post := cardtest.Post("10505198300021", "Врач Консультации", workforceapi.Doctor, "")
		post.Organisation = clinicCode
		n.PostsOf = append(n.PostsOf, post)
		d, now := cardtest.Desk(t, store, n)
		w := &world{T: t, d: d, now: now, n: n, store: store, clinic: n.As(t.Context(), len(n.PostsOf)-1), hospital: n.As(t.Context(), 0)}
		w.card = exchangeapi.NewProvider(exchangeapi.Card, "test", slog.New(slog.DiscardHandler))
		cardapi.ServeExchangeCards(w.card, Service{exchangecard.Cards{Desk: d}})
		d.Exchange.HTTP = &http.Client{Transport: w}
		var err error
		w.woman, _, err = patient.Register(w.clinic, d, patient.Patient{PIN: womanPIN, FamilyName: "Садыкова", GivenName: "Нургүл", Sex: patient.Female, BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if weeks > 0 {
			w.pregnancy = id.New()
			period := clock.DateOf(now.Now().AddDate(0, 0, -7*weeks))
			if err := antenatal.Register(w.clinic, d, w.woman.ID, w.pregnancy, cardapi.Registration{LastPeriod: period, Fetuses: 1, Gravida: 2, Para: 1}); err != nil {
				t.Fatal(err)
			}
			if err := exchangecard.Give(w.clinic, d, w.pregnancy, "Переезд"); err != nil {
				t.Fatal(err)
			}
		}
		w.stayID, err = reception.Admit(w.hospital, d, reception.Admission{
			Patient: w.woman.ID, Kind: reception.Emergency, At: now.Now().Add(-10 * time.Hour), BroughtBy: "self",
			Admission: reception.Diagnosis{Code: "O80.0"}, Department: "18", DoctorPIN: "11503198500123",
		})
		if err != nil {
			t.Fatal(err)
		}
		run(w)
	})
}

func (w *world) cards(pin string) cardapi.ExchangeCards {
	return cardapi.Client{Exchange: w.d.Exchange, User: pin}
}

func (w *world) doctor() string { return w.n.PostsOf[0].PIN }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) code() string {
	w.Helper()
	var code string
	w.must(w.store.Read.QueryRowContext(w.Context(), `SELECT code FROM exchange_card WHERE revoked_at = 0`).Scan(&code))
	return code
}

func (w *world) exec(query string, args ...any) {
	w.Helper()
	w.must(w.d.DB.Tx(w.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}))
}

func (w *world) count(query string, args ...any) int {
	w.Helper()
	var n int
	w.must(w.store.Read.QueryRowContext(w.Context(), query, args...).Scan(&n))
	return n
}

func (w *world) birth() cardapi.Birth {
	return cardapi.Birth{
		Ending: exchangecard.EndingBirth, LabourAt: w.now.Now().Add(-8 * time.Hour), EndedAt: w.now.Now().Add(-time.Hour), Mode: "spontaneous",
		BloodLoss: 300, MotherState: "discharged",
	}
}

func (w *world) child(order, plurality int, live bool) string {
	w.Helper()
	b := newborn.Birth{BornAt: w.now.Now().Add(-time.Hour), Sex: patient.Female, Weight: 3300, Length: 51, Apgar1: 8, Apgar5: 9, Live: live, Plurality: plurality, Order: order}
	if !live {
		b.Apgar1, b.Apgar5 = 0, 0
	}
	c, err := newborn.Register(w.hospital, w.d, w.stayID, b)
	w.must(err)
	return c.ID
}

func (w *world) confinement() Confinement {
	w.Helper()
	c, err := Read(w.hospital, w.d, w.stayID)
	w.must(err)
	return c
}

// deliver runs the job of the tear-off's newest version, as often as is said.
func (w *world) deliver(kind, about string, times int) cardapi.TearOff {
	w.Helper()
	s := w.confinement().sentAbout(kind, about)
	body, err := json.Marshal(ref{s.Root, s.Version, w.doctor()})
	w.must(err)
	for range times {
		w.must(send(w.d, w.cards)(w.Context(), job.Job{Body: body}))
	}
	return s.TearOff
}

func (w *world) outcome() (state, outcome string) {
	w.Helper()
	w.must(w.store.Read.QueryRowContext(w.Context(), `SELECT state, outcome FROM pregnancy WHERE id = $1`, w.pregnancy).Scan(&state, &outcome))
	return state, outcome
}

// The way of a card: shown or opened on admission, filled by the hospital, its
// tear-offs back however often they are sent, read by the clinic.
func TestTheWayOfAnExchangeCard(t *testing.T) {
	each(t, 39, func(w *world) {
		w.must(OpenCard(w.hospital, w.d, w.cards(w.doctor()), w.stayID, ""))
		w.must(OpenCard(w.hospital, w.d, w.cards(w.doctor()), w.stayID, w.code()))
		if c := w.confinement(); c.Card == nil || c.Card.Number == "" || c.Basis != cardapi.BasisShown || w.count(`SELECT COUNT(*) FROM exchange_card_opening`) != 2 {
			t.Fatalf("%+v", c.Card)
		}
		if n := w.count(`SELECT COUNT(*) FROM access_record WHERE subject_pin = $1 AND action = 'antenatal.open_card' AND actor_pin = $2`, womanPIN, w.doctor()); n != 2 {
			t.Errorf("%d records of the opening", n)
		}
		if err := SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""); !fail.Is(err, fail.Conflict) {
			t.Fatalf("a tear-off of no birth: %v", err)
		}
		once := id.New()
		for range 2 {
			w.must(WriteBirth(w.hospital, w.d, w.stayID, antenatal.Writing{Once: once}, w.birth()))
		}
		if err := SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""); !fail.Is(err, fail.Conflict) {
			t.Fatalf("a birth without a child: %v", err)
		}
		child := w.child(1, 1, true)
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""))
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, "")) // says the same: no new version
		first := w.deliver(cardapi.TearOffMother, "", 3)
		if first.Version != 1 || w.count(`SELECT COUNT(*) FROM tear_off_inbox`) != 1 || first.Birth.Days != 39*7 {
			t.Fatalf("%+v", first)
		}
		if state, outcome := w.outcome(); state != "closed" || outcome != "live_birth" {
			t.Errorf("%s %s", state, outcome)
		}
		if err := antenatal.Reopen(w.clinic, w.d, w.pregnancy); !fail.Is(err, fail.Conflict) {
			t.Errorf("the clinic takes back what the tear-off closed: %v", err)
		}

		if err := SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffNewborn, child, clinicCode, ""); !fail.Is(err, fail.Conflict) {
			t.Fatalf("nothing is written of the child: %v", err)
		}
		w.must(WriteNewborn(w.hospital, w.d, w.stayID, child, antenatal.Writing{Once: id.New()}, cardapi.Newborn{State: "alive", Feeding: "breast", BCG: clock.DateOf(w.now.Now())}))
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffNewborn, child, clinicCode, ""))
		third := w.deliver(cardapi.TearOffNewborn, child, 1)
		if third.Newborns[0].WeightG != 3300 || third.Newborns[0].Patient == "" || third.Mother.PIN != womanPIN {
			t.Errorf("%+v", third)
		}

		for range 2 {
			w.must(exchangecard.MarkRead(w.clinic, w.d, first.Root, 1))
		}
		if err := exchangecard.MarkRead(w.clinic, w.d, first.Root, 2); !fail.Is(err, fail.Conflict) {
			t.Errorf("a version that is not there was read: %v", err)
		}
		if err := exchangecard.MarkRead(w.hospital, w.d, first.Root, 1); !fail.Is(err, fail.NotFound) {
			t.Errorf("who is not meant reads it: %v", err)
		}
		if n := w.count(`SELECT COUNT(*) FROM job WHERE kind = 'tear-off-read'`); n != 1 {
			t.Errorf("%d acknowledgments", n)
		}
		w.must(w.cards(w.doctor()).Acknowledge(w.Context(), cardapi.Acknowledgment{Root: first.Root, Version: 1, At: w.now.Now(), Name: "Врач Консультации"}))
		if s := w.confinement().sentAbout(cardapi.TearOffMother, ""); s.ReadName != "Врач Консультации" || s.DeliveredAt.IsZero() {
			t.Errorf("%+v", s)
		}
	})
}

// A correction is a new version with its reason; an older one that comes late
// changes nothing; what was signed stays as it was.
func TestATearOffIsCorrected(t *testing.T) {
	each(t, 39, func(w *world) {
		w.must(OpenCard(w.hospital, w.d, w.cards(w.doctor()), w.stayID, ""))
		once := id.New()
		birth := w.birth()
		birth.Ending, birth.Mode, birth.EndedAt = exchangecard.EndingUndelivered, "", time.Time{}
		w.must(WriteBirth(w.hospital, w.d, w.stayID, antenatal.Writing{Once: once}, birth))
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""))
		if state, _ := w.outcome(); state != "open" {
			t.Fatal("she is still pregnant")
		}
		old := w.confinement().sentAbout(cardapi.TearOffMother, "").TearOff
		w.child(1, 1, false)
		correction := antenatal.Writing{Once: id.New(), Root: once, Seen: 1, Reason: "Родила вечером"}
		w.must(WriteBirth(w.hospital, w.d, w.stayID, correction, w.birth()))
		if err := SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""); !fail.Is(err, fail.Invalid) {
			t.Fatalf("without a reason: %v", err)
		}
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, "Родила вечером"))
		if now := w.deliver(cardapi.TearOffMother, "", 1); now.Version != 2 || now.Root != old.Root {
			t.Fatalf("%+v", now)
		}
		if state, outcome := w.outcome(); state != "closed" || outcome != "stillbirth" {
			t.Errorf("%s %s", state, outcome)
		}
		if _, err := w.cards(w.doctor()).ReturnTearOff(w.Context(), old); err != nil {
			t.Fatal(err)
		}
		if state, outcome := w.outcome(); state != "closed" || outcome != "stillbirth" {
			t.Errorf("an older version changed it: %s %s", state, outcome)
		}
		for _, table := range []string{"tear_off", "confinement_part"} {
			for _, statement := range []string{`UPDATE ` + table + ` SET content = '{}'`, `DELETE FROM ` + table} {
				err := w.store.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, statement)
					return err
				})
				if err == nil {
					t.Errorf("the database took %s", statement)
				}
			}
		}
	})
}

// Only who treats her opens her card: a post in the hospital by НИСУР, and the
// woman in its bed or her code.
func TestACardIsClosedToOthers(t *testing.T) {
	each(t, 36, func(w *world) {
		ask := func(pin string, change func(*cardapi.CardQuery)) error {
			q := cardapi.CardQuery{Basis: cardapi.BasisAdmission, PIN: womanPIN, Organisation: cardtest.Hospital, Stay: w.stayID}
			change(&q)
			_, err := w.cards(pin).OpenCard(w.Context(), q)
			return err
		}
		for name, c := range map[string]struct {
			pin    string
			change func(*cardapi.CardQuery)
			kind   fail.Kind
		}{
			"no post":           {strangePIN, func(*cardapi.CardQuery) {}, fail.Forbidden},
			"nobody":            {"", func(*cardapi.CardQuery) {}, fail.Forbidden},
			"another hospital":  {w.doctor(), func(q *cardapi.CardQuery) { q.Organisation = "950201" }, fail.Forbidden},
			"she does not lie":  {w.doctor(), func(q *cardapi.CardQuery) { q.Stay = id.New() }, fail.Forbidden},
			"another woman":     {w.doctor(), func(q *cardapi.CardQuery) { q.PIN = strangePIN }, fail.Forbidden},
			"a code by guess":   {w.doctor(), func(q *cardapi.CardQuery) { q.Basis, q.Code = cardapi.BasisShown, "ABCDEFGH23456789" }, fail.NotFound},
			"no code":           {w.doctor(), func(q *cardapi.CardQuery) { q.Basis = cardapi.BasisShown }, fail.NotFound},
			"no basis":          {w.doctor(), func(q *cardapi.CardQuery) { q.Basis = "" }, fail.Invalid},
			"all that it needs": {w.doctor(), func(*cardapi.CardQuery) {}, ""},
		} {
			err := ask(c.pin, c.change)
			if c.kind == "" && err != nil || c.kind != "" && !fail.Is(err, c.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM exchange_card_opening`); n != 1 {
			t.Errorf("%d openings", n)
		}
		// The code of another woman opens nothing for this stay.
		other, _, err := patient.Register(w.clinic, w.d, patient.Patient{PIN: "10202199600013", FamilyName: "Другая", GivenName: "Айжан", Sex: patient.Female, BirthDate: clock.Date{Year: 1996, Month: 2, Day: 2}})
		w.must(err)
		pregnancy := id.New()
		w.must(antenatal.Register(w.clinic, w.d, other.ID, pregnancy, cardapi.Registration{LastPeriod: clock.DateOf(w.now.Now().AddDate(0, 0, -230)), Fetuses: 1, Gravida: 1}))
		w.must(exchangecard.Give(w.clinic, w.d, pregnancy, ""))
		var code string
		w.must(w.store.Read.QueryRowContext(t.Context(), `SELECT code FROM exchange_card WHERE pregnancy_id = $1`, pregnancy).Scan(&code))
		if err := OpenCard(w.hospital, w.d, w.cards(w.doctor()), w.stayID, code); !fail.Is(err, fail.Invalid) || w.confinement().Card != nil {
			t.Errorf("another woman's card is kept with the stay: %v", err)
		}
	})
}

// Twins have a tear-off each, a stillborn child has none; a woman without a card
// is written of all the same.
func TestTwinsOfAWomanWithoutACard(t *testing.T) {
	each(t, 0, func(w *world) {
		if err := OpenCard(w.hospital, w.d, w.cards(w.doctor()), w.stayID, ""); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
		first, second := w.child(1, 2, true), w.child(2, 2, false)
		birth := w.birth()
		birth.Days = 35 * 7
		w.must(WriteBirth(w.hospital, w.d, w.stayID, antenatal.Writing{Once: id.New()}, birth))
		if got := len(w.confinement().waiting()); got != 2 {
			t.Errorf("%d tear-offs to make", got)
		}
		err := WriteNewborn(w.hospital, w.d, w.stayID, second, antenatal.Writing{Once: id.New()}, cardapi.Newborn{State: "alive"})
		if !fail.Is(err, fail.NotFound) {
			t.Errorf("written of a stillborn child: %v", err)
		}
		w.must(WriteNewborn(w.hospital, w.d, w.stayID, first, antenatal.Writing{Once: id.New()}, cardapi.Newborn{State: "died", Feeding: ""}))
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffNewborn, first, clinicCode, ""))
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""))
		mother := w.deliver(cardapi.TearOffMother, "", 1)
		if len(mother.Newborns) != 2 || mother.Newborns[1].State != "stillborn" || mother.Pregnancy != "" {
			t.Errorf("%+v", mother.Newborns)
		}
		w.deliver(cardapi.TearOffNewborn, first, 2)
		if n := w.count(`SELECT COUNT(*) FROM tear_off_inbox WHERE organisation = $1`, clinicCode); n != 2 {
			t.Errorf("%d tear-offs arrived", n)
		}
		if err := SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", cardtest.Hospital, "x"); !fail.Is(err, fail.Invalid) {
			t.Errorf("sent to who is no clinic: %v", err)
		}
	})
}

// What cannot be is refused, and two who write the birth at once write one.
func TestABirthIsWrittenOnce(t *testing.T) {
	each(t, 20, func(w *world) {
		w.must(OpenCard(w.hospital, w.d, w.cards(w.doctor()), w.stayID, ""))
		for field, change := range map[string]func(*cardapi.Birth){
			"ending": func(*cardapi.Birth) {}, // 20 weeks: a loss
			"ended_at": func(b *cardapi.Birth) {
				b.Ending, b.EndedAt = exchangecard.EndingMiscarriage, w.now.Now().Add(time.Hour)
			},
			"labour_at":  func(b *cardapi.Birth) { b.Ending, b.LabourAt = exchangecard.EndingMiscarriage, w.now.Now() },
			"blood_loss": func(b *cardapi.Birth) { b.Ending, b.BloodLoss = exchangecard.EndingMiscarriage, -1 },
			"mother_state": func(b *cardapi.Birth) {
				b.Ending, b.MotherState = exchangecard.EndingMiscarriage, ""
			},
		} {
			b := w.birth()
			change(&b)
			err := WriteBirth(w.hospital, w.d, w.stayID, antenatal.Writing{Once: id.New()}, b)
			if e := fail.As(err); err == nil || len(e.Findings) == 0 || e.Findings[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		loss := func(once string, bloodLoss int) error {
			b := w.birth()
			b.Ending, b.BloodLoss = exchangecard.EndingMiscarriage, bloodLoss
			return WriteBirth(w.hospital, w.d, w.stayID, antenatal.Writing{Once: once}, b)
		}
		w.exec(`UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, w.stayID, db.Micros(w.now.Now()))
		if err := loss(id.New(), 0); fail.As(err) == nil || fail.As(err).Key != "card.history.closed" {
			t.Errorf("a birth in a stay that is over: %v", err)
		}
		w.exec(`UPDATE stay SET state = 'open', discharged_at = 0 WHERE id = $1`, w.stayID)
		var wait sync.WaitGroup
		errs, onces := make([]error, 6), make([]string, 6)
		for i := range errs {
			onces[i] = id.New()
			wait.Go(func() { errs[i] = loss(onces[i], i) })
		}
		wait.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				if err := loss(onces[i], i); err != nil {
					t.Errorf("pressed twice: %v", err)
				}
			} else if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		}
		if won != 1 || w.count(`SELECT COUNT(*) FROM confinement_part`) != 1 {
			t.Errorf("%d wrote the birth", won)
		}
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""))
		w.deliver(cardapi.TearOffMother, "", 1)
		if state, outcome := w.outcome(); state != "closed" || outcome != "miscarriage" {
			t.Errorf("%s %s", state, outcome)
		}
	})
}

// A tear-off that says what cannot be is not taken.
func TestAHostileTearOffIsRefused(t *testing.T) {
	each(t, 39, func(w *world) {
		good := cardapi.TearOff{
			Root: id.New(), Version: 1, Kind: cardapi.TearOffMother, Pregnancy: w.pregnancy, From: cardtest.Hospital, To: clinicCode,
			Mother: cardapi.Mother{PIN: womanPIN, Name: "Садыкова"}, Birth: w.birth(), Newborns: []cardapi.Newborn{{State: "alive"}}, Doctor: "Врач", SignedAt: w.now.Now(),
		}
		long := string(make([]rune, 9000))
		for name, change := range map[string]func(*cardapi.TearOff){
			"no id":            func(t *cardapi.TearOff) { t.Root = "" },
			"no version":       func(t *cardapi.TearOff) { t.Version = 0 },
			"another kind":     func(t *cardapi.TearOff) { t.Kind = "father" },
			"nobody signed":    func(t *cardapi.TearOff) { t.Doctor = "" },
			"no child":         func(t *cardapi.TearOff) { t.Newborns = nil },
			"too many":         func(t *cardapi.TearOff) { t.Newborns = make([]cardapi.Newborn, 10) },
			"too long":         func(t *cardapi.TearOff) { t.Birth.Complications = long },
			"another woman":    func(t *cardapi.TearOff) { t.Mother.PIN = strangePIN },
			"no such clinic":   func(t *cardapi.TearOff) { t.To = "000000" },
			"no such card":     func(t *cardapi.TearOff) { t.Pregnancy = id.New() },
			"unknown ending":   func(t *cardapi.TearOff) { t.Birth.Ending = "miracle" },
			"a birth, no hour": func(t *cardapi.TearOff) { t.Birth.EndedAt = time.Time{} },
		} {
			bad := good
			change(&bad)
			if _, err := w.cards(w.doctor()).ReturnTearOff(w.Context(), bad); err == nil || fail.Is(err, fail.Internal) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM tear_off_inbox`); n != 0 {
			t.Errorf("%d were taken", n)
		}
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				if _, err := w.cards(w.doctor()).ReturnTearOff(w.Context(), good); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if n := w.count(`SELECT COUNT(*) FROM tear_off_inbox`); n != 1 {
			t.Errorf("%d arrived of one", n)
		}
	})
}
