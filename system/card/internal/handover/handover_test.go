package handover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// fund is a fund that keeps what it took, as the real one does: one case a
// number and revision.
type fund struct {
	mu       sync.Mutex
	clock    clock.Clock
	cases    map[string]insuranceapi.Decision
	requests []string // request ids
	away     bool
	refuse   func(insuranceapi.Case) []insuranceapi.Finding
	after    func() error // what goes wrong after the case was taken
}

func newFund(w formtest.World) *fund {
	return &fund{clock: w.Clock, cases: map[string]insuranceapi.Decision{}}
}

func (f *fund) Submit(_ context.Context, c insuranceapi.Case, requestID, _ string) (insuranceapi.Decision, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return insuranceapi.Decision{}, fail.Wrap(errors.New("refused"), fail.Unavailable, "kit.neighbor_away")
	}
	f.requests = append(f.requests, requestID)
	key := fmt.Sprint(c.Number, "/", c.Revision)
	d, known := f.cases[key]
	if !known {
		d = insuranceapi.Decision{CaseID: "case-" + key, Number: c.Number, Revision: c.Revision, State: insuranceapi.Accepted, Group: "G-21", Price: 1_250_000, At: f.clock.Now()}
		if f.refuse != nil {
			if d.Findings = f.refuse(c); len(d.Findings) > 0 {
				d.State, d.Price, d.Group = insuranceapi.Returned, 0, ""
			}
		}
		f.cases[key] = d
	}
	if f.after != nil {
		return insuranceapi.Decision{}, f.after()
	}
	return d, nil
}

func (f *fund) Check(context.Context, insuranceapi.Case) (insuranceapi.Decision, error) {
	return insuranceapi.Decision{}, nil
}

func (f *fund) Rules(context.Context, clock.Date) ([]insuranceapi.Rule, error) { return nil, nil }

func setUp(t *testing.T, w formtest.World) (Handover, *fund, string, form.Number) {
	t.Helper()
	f := newFund(w)
	h := Handover{Desk: w.Desk, Fund: f}
	w.Desk.Queue.Handle(form.HandoverJob, Policy, h.Send)
	w.Desk.Queue.Handle(discharge.NotifyJob, job.Policy{}, func(context.Context, job.Job) error { return nil })
	stayID := w.Ready(formtest.PatientPIN)
	n, err := discharge.Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, form.Ending{At: w.Clock.Now(), Outcome: "discharged", Result: "improved"})
	if err != nil {
		t.Fatal(err)
	}
	return h, f, stayID, n
}

func drain(t *testing.T, w formtest.World) {
	t.Helper()
	if err := w.Desk.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func latest(t *testing.T, w formtest.World, n form.Number) form.Revision {
	t.Helper()
	r, ok, err := form.Latest(t.Context(), w.Desk.DB.Read, n.String(), "")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return r
}

func needsPolicy(c insuranceapi.Case) []insuranceapi.Finding {
	if c.Patient.Policy != "ОМС-7654321" {
		return []insuranceapi.Finding{{Field: "patient.policy", Rule: "PT-001", Severity: "error", Reason: text.Words{KY: "Полис табылган жок.", RU: "Полис не найден."}}}
	}
	return nil
}

func TestHandoverAccepted(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		_, f, _, n := setUp(t, w)
		drain(t, w)
		if r := latest(t, w, n); r.State != form.Accepted || r.Decision.Price != 1_250_000 || r.Decision.Group != "G-21" {
			t.Fatalf("%+v", r)
		}
		if len(f.cases) != 1 {
			t.Fatal(f.cases)
		}
	})
}

// The fund is away for an hour: the page says so, the case arrives once.
func TestFundAwayForAnHour(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		_, f, _, n := setUp(t, w)
		f.away = true
		for range 60 {
			drain(t, w)
			w.Clock.Advance(time.Minute)
		}
		s, err := StateOf(t.Context(), w.Desk.Queue, latest(t, w, n))
		if err != nil || !s.Waiting || s.Trouble != "card.handover.trouble_away" || s.Next != "card.handover.again_soon" || s.Attempts < 10 {
			t.Fatalf("%+v, %v", s, err)
		}
		f.away = false
		w.Clock.Advance(3 * time.Minute)
		drain(t, w)
		if len(f.cases) != 1 || latest(t, w, n).State != form.Accepted {
			t.Fatal(f.cases)
		}
	})
}

// A crash after the fund has taken the case and before we have written its
// answer: the same request goes out again, and there is one case.
func TestCrashBetweenFundAndCard(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		_, f, _, n := setUp(t, w)
		f.after = func() error { return errors.New("the connection broke") }
		drain(t, w)
		w.Clock.Advance(time.Minute)
		f.after = func() error { panic("killed") }
		drain(t, w)
		w.Clock.Advance(time.Minute)
		if latest(t, w, n).State != form.Queued {
			t.Fatal("written without an answer")
		}
		f.after = nil
		drain(t, w)
		if len(f.cases) != 1 || len(f.requests) != 3 || f.requests[0] != f.requests[2] || latest(t, w, n).State != form.Accepted {
			t.Fatal(f.cases, f.requests)
		}
		// A job that runs again after all was written asks nobody.
		h := Handover{Desk: w.Desk, Fund: f}
		if err := h.Send(t.Context(), job.Job{Body: []byte(form.Ref{Number: n.String(), Revision: 1}.Key())}); err != nil || len(f.requests) != 3 {
			t.Fatal(err, f.requests)
		}
	})
}

// A fund that answers for another case, or garbage, is not believed.
func TestFundAnswersGarbage(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		_, f, _, n := setUp(t, w)
		f.cases[n.String()+"/1"] = insuranceapi.Decision{CaseID: "x", Number: "00000021895017426", Revision: 1, State: insuranceapi.Accepted, At: w.Clock.Now()}
		drain(t, w)
		if latest(t, w, n).State != form.Queued {
			t.Fatal("believed")
		}
		h := Handover{Desk: w.Desk}
		if err := h.Decide(t.Context(), insuranceapi.Decision{Number: n.String(), Revision: 1, State: "perhaps"}); !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		if err := h.Decide(t.Context(), insuranceapi.Decision{Number: "00000091895017426", Revision: 1, State: insuranceapi.Accepted}); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
	})
}

// An answer for another form that is on its way too, for another revision, or
// without an id decides nothing; nor does one that is no newer than what is known.
func TestAnAnswerDecidesItsOwnRevisionAlone(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		h, f, _, n := setUp(t, w)
		other, err := discharge.Discharge(formtest.Doctor(t.Context()), w.Desk, w.Ready(formtest.PIN(1)), form.Ending{At: w.Clock.Now(), Outcome: "discharged", Result: "improved"})
		if err != nil {
			t.Fatal(err)
		}
		w.Exec(`INSERT INTO treated_case (number, revision, stay_id, content, request_id, state, created_at, created_by)
			SELECT number, 2, stay_id, content, 'r2', state, created_at, '' FROM treated_case WHERE number = $1`, n.String())
		good := insuranceapi.Decision{CaseID: "x", Number: n.String(), Revision: 1, State: insuranceapi.Accepted, Price: 100, At: w.Clock.Now()}
		send := func(change func(d *insuranceapi.Decision)) error {
			d := good
			change(&d)
			f.cases[n.String()+"/1"] = d
			return h.Send(t.Context(), job.Job{Body: []byte(form.Ref{Number: n.String(), Revision: 1}.Key())})
		}
		for name, change := range map[string]func(d *insuranceapi.Decision){
			"another form": func(d *insuranceapi.Decision) { d.Number = other.String() }, "another revision": func(d *insuranceapi.Decision) { d.Revision = 2 }, "no id": func(d *insuranceapi.Decision) { d.CaseID = "" },
		} {
			if err := send(change); !fail.Is(err, fail.BadNeighbor) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if waiting := w.Int(`SELECT COUNT(*) FROM treated_case WHERE state = 'queued'`); waiting != 3 {
			t.Fatalf("%d of 3 wait", waiting)
		}
		if err := send(func(*insuranceapi.Decision) {}); err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Time{good.At, good.At.Add(-time.Second)} {
			late := good
			late.State, late.Price, late.At = insuranceapi.Returned, 0, at
			if err := h.Decide(t.Context(), late); err != nil {
				t.Error(err)
			}
			if r, err := form.RevisionOf(t.Context(), w.Desk.DB.Read, form.Ref{Number: n.String(), Revision: 1}, ""); err != nil || r.State != form.Accepted || r.Decision.Price != 100 {
				t.Errorf("after what was decided at %s: %+v, %v", at, r.Decision, err)
			}
		}
	})
}

// A case is returned, corrected, returned again, corrected and accepted: one
// number, three revisions, each tied to the one before.
func TestCorrection(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		h, f, stayID, n := setUp(t, w)
		f.refuse = needsPolicy
		drain(t, w)
		r := latest(t, w, n)
		if r.State != form.Returned || len(r.Decision.Findings) != 1 {
			t.Fatalf("%+v", r)
		}
		ctx := formtest.Doctor(t.Context())
		c := Correction{
			Revision: 1, Kind: "emergency", HoursSinceOnset: 5, Referrer: "ЦСМ №6", Outcome: "discharged", Result: "recovered",
			Insured: true, Policy: "ОМС-0", Reason: "Полис был введён с ошибкой",
			Diagnoses: []Diagnosis{{"clinical", "main", "I21.0"}, {"final", "main", "J18.9"}, {"final", "comorbid", ""}},
		}
		ref, err := h.Correct(ctx, stayID, c)
		if err != nil || ref != (form.Ref{Number: n.String(), Revision: 2}) {
			t.Fatal(ref, err)
		}
		if _, err := h.Correct(ctx, stayID, c); !fail.Is(err, fail.Conflict) {
			t.Fatal("a second correction while the first is on its way:", err)
		}
		drain(t, w)
		r = latest(t, w, n)
		if r.State != form.Returned || r.Case.Replaces != "case-"+n.String()+"/1" || r.Case.Referrer != "ЦСМ №6" || r.Case.Result != "recovered" {
			t.Fatalf("%+v", r)
		}
		if got := finals(r.Case); !slices.Equal(got, []string{"main J18.9"}) {
			t.Fatal(got)
		}
		if r.Case.HeadOfDepartment.PIN != formtest.HeadPIN {
			t.Fatal("the head changed")
		}
		c.Policy = "ОМС-7654321"
		if _, err := h.Correct(ctx, stayID, c); fail.As(err) == nil || fail.As(err).Key != "card.correct.somebody_else" {
			t.Fatal("a correction of an older revision:", err)
		}
		c.Revision = 2
		if _, err := h.Correct(ctx, stayID, c); err != nil {
			t.Fatal(err)
		}
		drain(t, w)
		if r = latest(t, w, n); r.State != form.Accepted || r.Revision != 3 {
			t.Fatalf("%+v", r)
		}
		if _, err := h.Correct(ctx, stayID, c); fail.As(err) == nil || fail.As(err).Key != "card.correct.accepted" {
			t.Fatal(err)
		}
		if w.Int(`SELECT COUNT(*) FROM form`) != 1 || w.Int(`SELECT COUNT(*) FROM diagnosis WHERE stage = 'final' AND ended_at <> 0`) != 2 ||
			w.Int(`SELECT COUNT(*) FROM entry WHERE kind = 'form_correction'`) != 2 {
			t.Fatal("the card does not tell the same story")
		}
		first, err := form.SheetOf(t.Context(), w.Desk.DB.Read, form.Ref{Number: n.String(), Revision: 1})
		if err != nil || first.Case.Result != "improved" || first.DiagnosedAt(first.Case.Diagnoses[0]).IsZero() {
			t.Fatal("the first form has changed:", first.Case.Result, err)
		}
	})
}

func finals(c insuranceapi.Case) []string {
	var all []string
	for _, d := range c.Diagnoses {
		if d.Stage == "final" {
			all = append(all, d.Rank+" "+d.Code)
		}
	}
	return all
}

func TestCorrectionRefused(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		h, f, stayID, _ := setUp(t, w)
		ctx := formtest.Doctor(t.Context())
		good := Correction{
			Revision: 1, Kind: "planned", Outcome: "discharged", Result: "improved", Reason: "r",
			Diagnoses: []Diagnosis{{"final", "main", "I21.0"}},
		}
		if _, err := h.Correct(ctx, stayID, good); fail.As(err) == nil || fail.As(err).Key != "card.correct.queued" {
			t.Fatal(err)
		}
		f.refuse = needsPolicy
		drain(t, w)
		for field, change := range map[string]func(*Correction){
			"kind":           func(c *Correction) { c.Kind = "other" },
			"hours":          func(c *Correction) { c.HoursSinceOnset = -1 },
			"outcome":        func(c *Correction) { c.Outcome = "" },
			"result":         func(c *Correction) { c.Result = "" },
			"transferred_to": func(c *Correction) { c.Outcome = "transferred" },
			"reason":         func(c *Correction) { c.Reason = "" },
			"dx-final":       func(c *Correction) { c.Diagnoses = []Diagnosis{{"final", "main", "I21"}} },
			"dx-postmortem":  func(c *Correction) { c.Outcome, c.Result = "died", "" },
		} {
			c := good
			change(&c)
			_, err := h.Correct(ctx, stayID, c)
			if e := fail.As(err); e == nil || e.Kind != fail.Invalid || !slices.ContainsFunc(e.Findings, func(f fail.Finding) bool { return f.Field == field }) {
				t.Errorf("%s: %v", field, err)
			}
		}
		// A death is not asked for the result that stood there before.
		dead := good
		dead.Outcome, dead.TransferredTo = "died", "ЦСМ"
		if _, err := h.Correct(ctx, stayID, dead); fail.As(err) == nil || len(fail.As(err).Findings) != 1 || fail.As(err).Findings[0].Field != "dx-postmortem" {
			t.Errorf("%+v", err)
		}
		if w.Int(`SELECT COUNT(*) FROM treated_case`) != 1 || w.Int(`SELECT COUNT(*) FROM diagnosis WHERE ended_at <> 0`) != 0 {
			t.Error("a refused correction left something behind")
		}
	})
}

// An expert returns an accepted case by hand; a repetition and an older
// decision change nothing.
func TestDecide(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		h, _, _, n := setUp(t, w)
		drain(t, w)
		accepted := *latest(t, w, n).Decision
		w.Clock.Advance(time.Hour)
		back := accepted
		back.State, back.Price, back.Comment, back.At = insuranceapi.Returned, 0, "Нет протокола", w.Clock.Now()
		for range 2 {
			if err := h.Decide(t.Context(), back); err != nil {
				t.Fatal(err)
			}
		}
		decided := latest(t, w, n).DecidedAt
		if r := latest(t, w, n); r.State != form.Returned || r.Decision.Comment != "Нет протокола" {
			t.Fatalf("%+v", r)
		}
		w.Clock.Advance(time.Hour)
		if err := h.Decide(t.Context(), accepted); err != nil {
			t.Fatal(err)
		}
		if r := latest(t, w, n); r.State != form.Returned || !r.DecidedAt.Equal(decided) {
			t.Fatal("an older decision was taken")
		}
	})
}

// A voided number never returns; the stay's next form has the next number and
// is tied to the returned case.
func TestVoidAndReissue(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		_, f, stayID, n := setUp(t, w)
		ctx := formtest.Head(t.Context())
		key := func(err error) string {
			if e := fail.As(err); e != nil {
				return e.Key
			}
			return ""
		}
		if got := key(form.Void(ctx, w.Desk, stayID, "ошибка")); got != "card.form.void_queued" {
			t.Fatal(got)
		}
		f.refuse = needsPolicy
		drain(t, w)
		if _, err := form.Reissue(ctx, w.Desk, stayID); key(err) != "card.form.reissue_none" {
			t.Fatal(err)
		}
		if err := form.Void(ctx, w.Desk, stayID, ""); !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		if err := form.Void(ctx, w.Desk, stayID, "Не то отделение"); err != nil {
			t.Fatal(err)
		}
		if got := key(form.Void(ctx, w.Desk, stayID, "ещё раз")); got != "card.form.void_none" {
			t.Fatal(got)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		var given []form.Number
		for range 4 {
			group.Go(func() {
				if got, err := form.Reissue(ctx, w.Desk, stayID); err == nil {
					mu.Lock()
					defer mu.Unlock()
					given = append(given, got)
				}
			})
		}
		group.Wait()
		if len(given) != 1 || given[0].Sequence != n.Sequence+1 {
			t.Fatal(given)
		}
		forms, err := form.Forms(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(forms) != 2 || forms[1].State != "voided" || forms[1].VoidReason != "Не то отделение" || forms[1].VoidedBy != formtest.HeadPIN {
			t.Fatal(forms, err)
		}
		if r := latest(t, w, given[0]); r.Case.Replaces != "case-"+n.String()+"/1" || r.Revision != 1 {
			t.Fatalf("%+v", r.Case)
		}
		f.refuse = nil
		drain(t, w)
		if got := key(form.Void(ctx, w.Desk, stayID, "принят")); got != "card.form.void_accepted" {
			t.Fatal(got)
		}
		if w.Int(`SELECT COUNT(*) FROM access_record WHERE action IN ('form.void', 'form.reissue')`) != 2 {
			t.Fatal("not recorded")
		}
	})
}

// The same through a real exchange client and provider.
func TestHandoverThroughTheExchange(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		h, f, _, n := setUp(t, w)
		provider := exchangeapi.NewProvider(exchangeapi.Insurance, "key", slog.New(slog.DiscardHandler))
		insuranceapi.Serve(provider, served{f})
		server := httptest.NewServer(formtest.Exchange(provider))
		defer server.Close()
		h.Fund = insuranceapi.Client{Exchange: &exchangeapi.Client{Self: exchangeapi.Card, Address: server.URL, Key: "key"}}
		w.Desk.Queue.Handle(form.HandoverJob, Policy, h.Send)
		drain(t, w)
		if latest(t, w, n).State != form.Accepted {
			t.Fatal("not accepted")
		}
	})
}

// served is the fund as its provider answers.
type served struct{ *fund }

func (s served) Submit(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	return s.fund.Submit(ctx, c, exchangeapi.CallerOf(ctx).ID, "")
}

func TestWorkList(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		_, f, stayID, n := setUp(t, w)
		count := func(state string) int {
			got, err := lines(t.Context(), w.Desk.DB.Read, formtest.Hospital, state, 100)
			if err != nil {
				t.Fatal(err)
			}
			return len(got)
		}
		if count(form.Queued) != 1 || count(form.Returned) != 0 {
			t.Fatal("queued")
		}
		f.refuse = needsPolicy
		drain(t, w)
		got, err := lines(t.Context(), w.Desk.DB.Read, formtest.Hospital, form.Returned, 100)
		if err != nil || len(got) != 1 || got[0].Number != n.String() || got[0].StayID != stayID || got[0].Patient != "Жумабеков Эрмек Асанович" {
			t.Fatal(got, err)
		}
		if err := form.Void(formtest.Head(t.Context()), w.Desk, stayID, "ошибка"); err != nil {
			t.Fatal(err)
		}
		if count(form.Returned) != 0 {
			t.Fatal("a voided form is still work")
		}
	})
}
