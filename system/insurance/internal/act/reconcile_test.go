package act

import (
	"context"
	"reflect"
	"testing"

	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

type card []cardapi.FormLine

func (c card) Forms(context.Context, cardapi.Month) ([]cardapi.FormLine, error) { return c, nil }

// MC-7: to the last case. Nothing is said when all is well; every kind of
// difference is found by its number.
func TestAMonthIsReconciledToTheLastCase(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		var forms card
		var lastID string
		for n := range 6 {
			d := w.one(t, n+1, n == 5)
			lastID = d.CaseID
			forms = append(forms, cardapi.FormLine{Number: d.Number, Revision: 1, State: string(d.State), Price: d.Price})
		}
		hand := treatedtest.Good()
		hand.Number, hand.Patient.PIN, hand.Patient.Name = "00000991895017426", "", "Кол Менен"
		if _, err := w.fund.Enter(t.Context(), hand, treated.Sender{PIN: "1"}); err != nil {
			t.Fatal(err)
		}
		past := treatedtest.Good()
		past.Number, past.Patient.PIN, past.Patient.Name = "90000011895017426", "", "Үлгү"
		if _, err := w.fund.Past(t.Context(), past, treated.ByExchange, treatedtest.Now); err != nil {
			t.Fatal(err)
		}
		reconcile := func(c card) Reconciled {
			t.Helper()
			r, err := w.acts.Reconcile(t.Context(), c, "950174", "2026-11")
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		// The case that came back comes again, corrected: it is one case of the month,
		// in its newest revision, here and in the totals.
		corrected := treatedtest.Good()
		corrected.Number, corrected.Patient.PIN, corrected.Patient.Name = forms[5].Number, "", "Киши 6"
		corrected.Patient.Rural, corrected.Revision, corrected.Replaces = true, 2, lastID
		d, err := w.fund.Submit(t.Context(), corrected)
		if err != nil || d.State != insuranceapi.Accepted {
			t.Fatalf("%+v, %v", d, err)
		}
		forms[5] = cardapi.FormLine{Number: d.Number, Revision: 2, State: string(d.State), Price: d.Price}
		totals, err := total.Of(t.Context(), w.fund.DB.Read, []string{"2026-10", "2026-11"}, "950174")
		want := sumOf(forms)
		if err != nil || totals.All().Cases != 8 || totals.All().Accepted != 8 || totals.All().Returned != 0 || totals.ByMonth("2026-10").Cases != 0 {
			t.Errorf("%+v, %v", totals.Rows, err)
		}
		r := reconcile(forms)
		if r.FundPrice != want || r.FundPrice+r.HandPrice != totals.All().Price-w.number(t, `SELECT price FROM treated_case WHERE demo = 1`) {
			t.Errorf("%+v, the forms make %d, the totals %+v", r, want, totals.All())
		}
		if len(r.Differences) != 0 || r.Compared != 6 || r.ByHand != 1 || r.CardPrice != r.FundPrice || r.FundPrice == 0 || r.HandPrice == 0 {
			t.Fatalf("%+v", r)
		}
		wrong := append(card{}, forms[1:]...) // the first is missing in the card
		wrong[0].Price++
		wrong[1].State, wrong[1].Price = "returned", 0
		wrong[2].Revision = 2
		wrong = append(wrong, cardapi.FormLine{Number: "00000501895017426", Revision: 1, State: "queued"},
			cardapi.FormLine{Number: hand.Number, Revision: 1, State: "returned"}) // came both ways: the one by hand counts
		r = reconcile(wrong)
		got := map[string]string{}
		for _, d := range r.Differences {
			got[d.Number[:7]] = d.Kind
		}
		kinds := map[string]string{"0000001": NotInCard, "0000002": OtherPrice, "0000003": OtherState, "0000004": OtherTurn, "0000050": NotAtFund, "0000099": OtherState}
		if len(got) != len(kinds) || len(r.Differences) != len(kinds) {
			t.Errorf("%v", got)
		}
		for number, kind := range kinds {
			if got[number] != kind {
				t.Errorf("%s: %s, want %s", number, got[number], kind)
			}
		}
	})
}

func sumOf(c card) int64 {
	var all int64
	for _, f := range c {
		all += f.Price
	}
	return all
}

// Each way in which a card and the fund may differ, alone: its kind, and what counts
// as compared, as entered by hand and as money of either side.
func TestEachKindOfDifference(t *testing.T) {
	in := func(state string, revision int, price int64) []cardapi.FormLine {
		return []cardapi.FormLine{{Number: "1", State: state, Revision: revision, Price: price}}
	}
	at := func(way string, demo bool) []known {
		return []known{{ID: "c", Number: "1", State: "accepted", Way: way, Revision: 1, Price: 700, Demo: demo}}
	}
	for name, tc := range map[string]struct {
		card []cardapi.FormLine
		fund []known
		want Reconciled
		kind string
	}{
		"alike":               {in("accepted", 1, 700), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, ""},
		"alike, of the demo":  {in("accepted", 1, 700), at(treated.ByExchange, true), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, ""},
		"another price":       {in("accepted", 1, 701), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 701, FundPrice: 700}, OtherPrice},
		"another state":       {in("returned", 1, 700), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, OtherState},
		"another revision":    {in("accepted", 2, 700), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, OtherTurn},
		"not in the card":     {nil, at(treated.ByExchange, false), Reconciled{Compared: 1, FundPrice: 700}, NotInCard},
		"not at the fund":     {in("accepted", 1, 700), nil, Reconciled{Compared: 1, CardPrice: 700}, NotAtFund},
		"the demo's past":     {nil, at(treated.ByExchange, true), Reconciled{}, ""},
		"by hand alone":       {nil, at(treated.ByHand, false), Reconciled{ByHand: 1, HandPrice: 700}, ""},
		"by hand, and a card": {in("queued", 1, 0), at(treated.ByHand, false), Reconciled{Compared: 1, FundPrice: 700}, OtherState},
		"nothing":             {nil, nil, Reconciled{}, ""},
	} {
		r := compare("", "", tc.card, tc.fund)
		var kinds string
		for _, d := range r.Differences {
			kinds += d.Kind
			if d.Number != "1" || (d.CaseID == "") != (len(tc.fund) == 0) {
				t.Errorf("%s: %+v", name, d)
			}
		}
		r.Differences = nil
		if !reflect.DeepEqual(r, tc.want) || kinds != tc.kind {
			t.Errorf("%s: %+v, %s", name, r, kinds)
		}
	}
}
