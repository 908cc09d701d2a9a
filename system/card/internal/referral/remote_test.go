package referral

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// clinic is another information system, in which the second hospital works.
var clinic = exchangeapi.Subsystem{Instance: exchangeapi.Instance, Class: "COM", Member: "70000099", Code: "clinic"}

// line leads messages between two installations of the card as the exchange
// does, may be cut, and may lose the answer of what was done.
type line struct {
	mu        sync.Mutex
	providers map[exchangeapi.Subsystem]*exchangeapi.Provider
	cut, deaf bool
}

func (l *line) set(cut, deaf bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.deaf = cut, deaf
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	provider, cut, deaf := l.providers[target.Provider], l.cut, l.deaf
	l.mu.Unlock()
	if cut || provider == nil {
		return nil, context.DeadlineExceeded
	}
	asked := httptest.NewRequestWithContext(r.Context(), r.Method, "/exchange/"+target.Service+target.Rest, r.Body)
	asked.Header = r.Header.Clone()
	answer := httptest.NewRecorder()
	provider.ServeHTTP(answer, asked)
	if deaf {
		return nil, context.DeadlineExceeded
	}
	return answer.Result(), nil
}

// installation is a card with its own database, as a subsystem of the exchange.
func (l *line) installation(t testing.TB, d *db.DB, self exchangeapi.Subsystem, box *inbox) world {
	t.Helper()
	w := newWorld(t, d)
	provider := exchangeapi.NewProvider(self, "key", slog.New(slog.DiscardHandler))
	cardapi.ServeReferrals(provider, Service{Desk: w.desk})
	l.providers[self] = provider
	client := &exchangeapi.Client{Self: self, Address: "http://exchange.test", Key: "key", HTTP: &http.Client{Transport: l}}
	w.desk.Queue.Handle(HandJob, policyOfTests, Post{Desk: w.desk, To: To(client)}.Hand)
	w.desk.Queue.Handle(CapacityJob, policyOfTests, Post{Desk: w.desk, To: To(client)}.AskCapacity)
	w.desk.Queue.Handle(NotifyJob, policyOfTests, Notifier{Desk: w.desk, Messages: box}.Notify)
	w.desk.Queue.Handle(ExpireJob, policyOfTests, Expire(w.desk))
	return w
}

// pass does what is due on both sides until nothing moves.
func pass(t testing.TB, sides ...world) {
	t.Helper()
	for range 6 {
		for _, w := range sides {
			w.clock.Advance(time.Second)
			drain(t, w.desk)
		}
	}
}

func two(t *testing.T, run func(t *testing.T, l *line, a, b world, boxes [2]*inbox)) {
	t.Helper()
	eachDB(t, func(t *testing.T, d *db.DB) {
		l := &line{providers: map[exchangeapi.Subsystem]*exchangeapi.Provider{}}
		boxes := [2]*inbox{{}, {}}
		a := l.installation(t, d, exchangeapi.Card, boxes[0])
		b := l.installation(t, dbtest.Open(t, prepared.SQLite(t), "card"), clinic, boxes[1])
		if err := SetRoute(t.Context(), a.desk, second, clinic.String()); err != nil {
			t.Fatal(err)
		}
		for _, organisation := range []string{cardtest.Hospital, third} {
			if err := SetRoute(t.Context(), b.desk, organisation, exchangeapi.Card.String()); err != nil {
				t.Fatal(err)
			}
		}
		run(t, l, a, b, boxes)
	})
}

// Two installations: sent, accepted, redirected back across the line, answered;
// with the line cut and with answers lost everything arrives once.
func TestTwoInstallationsReferToEachOther(t *testing.T) {
	two(t, func(t *testing.T, l *line, a, b world, boxes [2]*inbox) {
		stayID, answerID := a.stay()
		in := a.writing()
		in.Stay, in.Results, in.Kind = stayID, []string{answerID}, Form028+"/"+Consultation
		l.set(true, false)
		r := a.send(in)
		pass(t, a, b)
		if b.count(`SELECT COUNT(*) FROM referral`) != 0 || a.get(r.ID).State != Sent {
			t.Fatal("through a line that is cut")
		}
		l.set(false, true)
		pass(t, a, b) // it arrives, and the answer is lost: sent again
		l.set(false, false)
		pass(t, a, b)
		there := b.get(r.ID)
		if b.count(`SELECT COUNT(*) FROM referral`) != 1 || there.Number != r.Number || there.Remote != exchangeapi.Card.String() || there.Patient.PIN != patientPIN || there.ValidUntil != r.ValidUntil {
			t.Fatalf("%+v", there)
		}
		if shown, _, err := Look(b.receiver(), b.desk, there); err != nil || len(shown) != 1 || len(shown[0].Findings) != 1 || shown[0].Owner != cardtest.Hospital {
			t.Fatalf("%+v %v", shown, err)
		}
		at := b.clock.Now().Add(48 * time.Hour).Truncate(time.Microsecond)
		if err := Accept(b.receiver(), b.desk, Acting{r.ID, 1}, at, "Снимки"); err != nil {
			t.Fatal(err)
		}
		if err := Conclude(b.receiver(), b.desk, Acting{r.ID, 2}, "Показаний к операции нет."); err != nil {
			t.Fatal(err)
		}
		pass(t, b, a)
		here := a.get(r.ID)
		if here.State != Answered || !here.AppointedAt.Equal(at) || here.Conclusion != "Показаний к операции нет." {
			t.Fatalf("%+v", here)
		}
		if n := a.count(`SELECT COUNT(*) FROM referral_step WHERE referral_id = $1`, r.ID); n != 3 {
			t.Errorf("%d steps came back", n)
		}
		if a.count(`SELECT COUNT(*) FROM job WHERE kind = 'referral.hand' AND state <> 'done'`)+b.count(`SELECT COUNT(*) FROM job WHERE kind = 'referral.hand' AND state <> 'done'`) != 0 {
			t.Error("something is still on its way")
		}
		// Each side tells the patient of the steps; the ids are the same, so the
		// mailbox has each once.
		ids := map[string]bool{}
		for _, m := range slices.Concat(boxes[0].all, boxes[1].all) {
			ids[m.ID] = true
		}
		if len(ids) != 6 {
			t.Errorf("%d messages to the patient", len(ids))
		}
	})
}

// Withdrawn here while it was accepted there: the withdrawal holds on both sides.
// Withdrawn here while the patient was taken in there: the patient lies there, and
// that is so on both sides.
func TestWithdrawalAndAnswerCross(t *testing.T) {
	two(t, func(t *testing.T, l *line, a, b world, _ [2]*inbox) {
		r := a.send(a.writing())
		pass(t, a, b)
		if err := Accept(b.receiver(), b.desk, Acting{r.ID, 1}, b.clock.Now().Add(time.Hour), ""); err != nil {
			t.Fatal(err)
		}
		if err := Withdraw(a.sender(), a.desk, Acting{r.ID, 1}, "Выписан другой"); err != nil {
			t.Fatal(err)
		}
		pass(t, a, b)
		if one, other := a.get(r.ID).State, b.get(r.ID).State; one != Withdrawn || other != Withdrawn {
			t.Errorf("%s here, %s there", one, other)
		}
		r = a.send(a.writing())
		pass(t, a, b)
		l.set(true, false)
		there := id.New()
		b.exec(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year, department, doctor_pin, doctor_name, created_at, created_by)
			VALUES ($1, $2, $3, 'open', 'planned', 1, 0, 'referral', '', 1, '18', 'd', 'd', 1, 'd')`, there, b.patient.ID, second)
		if err := closeBy(b, r.ID, there); err != nil {
			t.Fatal(err)
		}
		if err := Withdraw(a.sender(), a.desk, Acting{r.ID, 1}, "x"); err != nil {
			t.Fatal(err)
		}
		pass(t, a, b)
		l.set(false, false)
		pass(t, a, b)
		if one, other := a.get(r.ID).State, b.get(r.ID).State; one != Admitted || other != Admitted {
			t.Errorf("%s here, %s there", one, other)
		}
	})
}

// Nobody sends, answers or asks in the name of an organisation of another system;
// what cannot be right is refused by name, and the sender learns of it.
func TestOnlyTheSystemOfAnOrganisationSpeaksForIt(t *testing.T) {
	two(t, func(t *testing.T, _ *line, a, b world, _ [2]*inbox) {
		r := a.send(a.writing())
		results, err := resultsOf(t.Context(), a.desk.DB.Read, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		sent, service := travels(r, results), Service{Desk: b.desk}
		from := func(s exchangeapi.Subsystem) context.Context {
			return exchangeapi.WithCaller(t.Context(), exchangeapi.Caller{Client: s, ID: id.New()})
		}
		if _, err := service.Send(from(exchangeapi.Portal), sent); !fail.Is(err, fail.Forbidden) {
			t.Error("the portal sends for a hospital:", err)
		}
		if _, err := service.Send(from(exchangeapi.Card), sent); err != nil {
			t.Fatal(err)
		}
		other := sent
		other.Number = "000000995017426"
		if _, err := service.Send(from(exchangeapi.Card), other); !fail.Is(err, fail.Conflict) {
			t.Error("the same id, another referral:", err)
		}
		for name, change := range map[string]func(*cardapi.Referral){
			"id":         func(r *cardapi.Referral) { r.ID = "x" },
			"code":       func(r *cardapi.Referral) { r.Code = "Z99.99" },
			"purpose":    func(r *cardapi.Referral) { r.Purpose = "x" },
			"days":       func(r *cardapi.Referral) { r.ValidUntil.Year = 2190 },
			"future":     func(r *cardapi.Referral) { r.WrittenAt = r.WrittenAt.AddDate(0, 1, 0) },
			"long":       func(r *cardapi.Referral) { r.Reason = strings.Repeat("я", 2001) },
			"no reason":  func(r *cardapi.Referral) { r.Reason = "" },
			"department": func(r *cardapi.Referral) { r.To.Department = "77" },
			"not ours":   func(r *cardapi.Referral) { r.To.Organisation = third },
			"person":     func(r *cardapi.Referral) { r.Patient.PIN = "123" },
			"results":    func(r *cardapi.Referral) { r.Results = make([]cardapi.ReferralResult, 41) },
		} {
			bad := sent
			bad.ID, bad.Number = id.New(), name
			change(&bad)
			if _, err := service.Send(from(exchangeapi.Card), bad); !fail.Is(err, fail.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		step := cardapi.ReferralStep{ID: id.New(), Referral: r.ID, ByName: "x"}
		if _, err := service.Withdraw(from(clinic), step); !fail.Is(err, fail.NotFound) {
			t.Error("withdrawn by another:", err)
		}
		if _, err := service.State(from(exchangeapi.Portal), cardapi.ReferralRef{ID: r.ID}); !fail.Is(err, fail.NotFound) {
			t.Error("asked by another:", err)
		}
		for range 2 {
			state, err := service.Withdraw(from(exchangeapi.Card), step)
			if err != nil || state.State != Withdrawn || len(state.Steps) != 2 {
				t.Errorf("%+v %v", state, err)
			}
		}
		if n := b.count(`SELECT COUNT(*) FROM referral_step`); n != 2 {
			t.Errorf("%d steps", n)
		}
	})
}

// What the other system does not take is refused, and the doctor sees it; free
// beds are what it last said.
func TestWhatTheOtherSystemDoesNotTakeIsRefused(t *testing.T) {
	two(t, func(t *testing.T, _ *line, a, b world, _ [2]*inbox) {
		places := func() Place {
			t.Helper()
			all, err := Places(a.sender(), a.desk, Wish{Only: second})
			if err != nil || len(all) != 1 {
				t.Fatalf("%+v %v", all, err)
			}
			return all[0]
		}
		if p := places(); p.Free != -1 {
			t.Errorf("free before it was asked: %+v", p)
		}
		if err := (Post{Desk: a.desk, To: func(exchangeapi.Subsystem) cardapi.Referrals { return Service{Desk: b.desk} }}).AskCapacity(t.Context(), job.Job{}); err != nil {
			t.Fatal(err)
		}
		if p := places(); p.Free != 2 || p.AsOf.IsZero() {
			t.Errorf("%+v", p)
		}
		if err := SetRoute(t.Context(), b.desk, cardtest.Hospital, ""); err != nil {
			t.Fatal(err)
		}
		r := a.send(a.writing())
		pass(t, a, b)
		steps, err := stepsOf(t.Context(), a.desk.DB.Read, r.ID)
		if err != nil || a.get(r.ID).State != Refused || len(steps) != 2 || steps[1].Note == "" {
			t.Errorf("%+v %v", steps, err)
		}
	})
}

var _ messageapi.API = (*inbox)(nil)
