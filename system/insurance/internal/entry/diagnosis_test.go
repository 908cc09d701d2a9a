package entry_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/internal/entry"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

const (
	icdHead = "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n"
	icdRows = "1;J18;Пневмония без уточнения возбудителя;;1\n2;J18.0;Бронхопневмония неуточнённая;1;1\n3;J18.9;Пневмония неуточнённая;1;1\n" +
		"4;O80.0;Самопроизвольные роды в затылочном предлежании;;1\n5;N40;Гиперплазия предстательной железы;;1\n"
)

func listed(t *testing.T, k entry.Desk) entry.Desk {
	t.Helper()
	early := clock.NewManual(k.Clock.Now().AddDate(-1, 0, 0))
	if _, err := icd.Import(t.Context(), k.DB, early, strings.NewReader(icdHead+icdRows+"6;U07.9;Отменённая болезнь;;1\n"), "test", nil); err != nil {
		t.Fatal(err)
	}
	// In the summer one code was withdrawn.
	summer := clock.NewManual(k.Clock.Now().AddDate(0, -5, 0))
	if _, err := icd.Import(t.Context(), k.DB, summer, strings.NewReader(icdHead+icdRows), "test", nil); err != nil {
		t.Fatal(err)
	}
	k.ICD = icd.NewBook(k.DB)
	k.Fund.ICD = k.ICD
	return k
}

// MC-6: what is typed becomes the one code that it means; a choice that was typed
// over counts no more, also where scripts are off.
func TestWordsOfADiagnosisBecomeItsCode(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		k = listed(t, k)
		for _, is := range []struct{ chosen, typed, want string }{
			{"J18.9", "J18.9 Пневмония неуточнённая", "J18.9"},
			{"", "ОТМ", "ОТМ"}, // withdrawn: not found
			{"", "j18,0", "J18.0"},
			{"", "бронхо", "J18.0"},
			{"", "пневмония", "пневмония"},
			{"J18.9", "самопроизвольные", "O80.0"},
			{"J18.9", "", ""},
			{"", "N40+", "N40+"},
			{"", "J18", "J18"},
		} {
			form := formOf(map[string]string{"dx0_code": is.chosen, "dx0_code_text": is.typed})
			if err := k.Understand(t.Context(), form); err != nil || form.Get("dx0_code") != is.want {
				t.Errorf("%q over %q: %q, %v", is.typed, is.chosen, form.Get("dx0_code"), err)
			}
		}
	})
}

func TestWordsThatAreNoCodeAreToldBeforeSending(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		k = listed(t, k)
		values := typed()
		values["dx1_code"], values["dx1_text"] = "пневмония", ""
		d := save(t, k, begun(t, k), values)
		form := d.Form()
		if _, sent, err := k.Send(t.Context(), d, form, clerk); err != nil || sent || len(form.Findings) != 1 ||
			form.Findings[0].Key != "kit.icd.several" || form.Findings[0].Field != "dx1_code" {
			t.Fatalf("%v %+v, %v", sent, form.Findings, err)
		}
		values["dx1_code"] = "J18.0"
		d = save(t, k, d, values)
		decision, sent, err := k.Send(t.Context(), d, d.Form(), clerk)
		if err != nil || !sent {
			t.Fatalf("%v, %v", sent, err)
		}
		w, err := k.Fund.Read(t.Context(), decision.CaseID, treated.Expert{PIN: clerk.PIN, Hospital: clerk.Hospital})
		if err != nil || w.Case.Diagnoses[1].Text != "Бронхопневмония неуточнённая" || w.Case.Diagnoses[0].Text != "Пневмония" {
			t.Errorf("%+v, %v", w.Case.Diagnoses, err)
		}
	})
}

// Sex, age and the day are told while the diagnosis is chosen.
func TestWhatSpeaksAgainstADiagnosisIsToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		k = listed(t, k)
		values := maps.Clone(typed())
		values["sex"], values["birth_date"] = "male", "1960-09-12"
		c := entry.Draft{Values: values}.Case(formOf(values))
		found, err := k.Suggest(t.Context(), "роды", c, "final", "main")
		if err != nil || len(found) != 1 || len(found[0].Doubts) != 2 || found[0].Doubts[0].Rule != "DGN-007" || !found[0].Doubts[0].Error {
			t.Errorf("%+v, %v", found, err)
		}
		if found, err = k.Suggest(t.Context(), "пневмония", c, "final", "main"); err != nil || len(found) != 2 || len(found[0].Doubts) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
		// The withdrawn code was one on a day before; after it, it is told.
		withdrawn := insuranceapi.Diagnosis{Stage: "final", Rank: "main", Code: "U07.9"}
		if doubts, err := k.Doubts(t.Context(), c, withdrawn); err != nil || len(doubts) != 1 || doubts[0].Rule != "DGN-017" || !doubts[0].Error {
			t.Errorf("%+v, %v", doubts, err)
		}
		c.AdmittedAt, c.DischargedAt = c.AdmittedAt.AddDate(0, -8, 0), c.DischargedAt.AddDate(0, -8, 0)
		if doubts, err := k.Doubts(t.Context(), c, withdrawn); err != nil || len(doubts) != 0 {
			t.Errorf("%+v, %v", doubts, err)
		}
		if found, err := k.Suggest(t.Context(), "отмен", c, "final", "main"); err != nil || len(found) != 1 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// MC-6: a code that ICD-10 does not have on the day of discharge is not sent, by
// hand as little as by the exchange.
func TestAWithdrawnCodeIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		k = listed(t, k)
		values := typed()
		values["dx1_code"] = "U07.9"
		d := save(t, k, begun(t, k), values)
		decision, sent, err := k.Send(t.Context(), d, d.Form(), clerk)
		if err != nil || sent || len(decision.Findings) == 0 || decision.Findings[0].Rule != "DGN-017" {
			t.Errorf("sent %v: %+v, %v", sent, decision.Findings, err)
		}
	})
}

// MC-6: an operation is typed as a code or as words; what the table of its day has for
// it, and nothing else, is put in.
func TestWordsOfAnOperationBecomeItsCode(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		typed := func(code, text, name string) (string, string) {
			t.Helper()
			form := formOf(map[string]string{"op3_code": code, "op3_code_text": text, "op3_name": name, "op3_at": "2026-11-11T10:00"})
			if err := k.Understand(t.Context(), form); err != nil {
				t.Fatal(err)
			}
			return form.Get("op3_code"), form.Get("op3_name")
		}
		k.Fund.Procedures = procedure.NewBook(k.DB)
		if code, name := typed("", "шов", ""); code != "шов" || name != "" {
			t.Errorf("without a table: %q %q", code, name)
		}
		const table = "X1.1,2020-01-01,2026-11-10,э,Шов старый,s\nX1.2,2026-11-11,,ж,Шов новый,s\nX2,2020-01-01,,у,Удаление,r\nX3,2020-01-01,,у,Удаление другое,r\n"
		if _, err := procedure.Import(t.Context(), k.DB, k.Clock, strings.NewReader(table), "test"); err != nil {
			t.Fatal(err)
		}
		for _, is := range []struct{ chosen, typed, name, code, named string }{
			{"", "шов", "", "X1.2", "Шов новый"},                          // the one of that day
			{"", "", "шов", "X1.2", "Шов новый"},                          // words in the other field
			{"", "х1.2", "", "X1.2", "Шов новый"},                         // Cyrillic letter, only the code
			{"X2", "X1.2 Шов новый", "", "X1.2", "Шов новый"},             // typed over what was chosen
			{"X2", "", "", "", ""},                                        // cleared
			{"X2", "X2 Удаление", "Удаление зуба", "X2", "Удаление зуба"}, // a name of its own stays
			{"", "удаление", "", "", "удаление"},                          // several
			{"", "пересадка", "", "", "пересадка"},                        // none
			{"", "X1.1", "", "X1.1", ""},                                  // no longer valid: for the rules to say
			{"", "шов", "Шов кожи", "X1.2", "Шов кожи"},
		} {
			if code, name := typed(is.chosen, is.typed, is.name); code != is.code || name != is.named {
				t.Errorf("%+v: %q %q", is, code, name)
			}
		}
		form := formOf(map[string]string{"op0_code": "шов", "discharged_at": "2026-11-10T10:00"})
		if err := k.Understand(t.Context(), form); err != nil || form.Get("op0_code") != "X1.1" {
			t.Errorf("by the day of discharge: %q %v", form.Get("op0_code"), err)
		}
	})
}
