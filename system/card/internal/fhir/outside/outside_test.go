package outside

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/migration"
)

// A line says what the resource tells, whatever its type has for it.
func TestLines(t *testing.T) {
	written := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ body, text, value, by, day string }{
		"a number":    {`{"code":{"text":"Лейкоциты"},"effectiveDateTime":"2026-11-20","valueQuantity":{"value":14.20,"unit":"10⁹/л"},"performer":[{"display":"Аква"}]}`, "Лейкоциты", "14.20 10⁹/л", "Аква", "2026-11-20"},
		"a code":      {`{"code":{"coding":[{"code":"85354-9"}]},"component":[{"code":{"text":"сист."},"valueQuantity":{"value":148,"code":"mm[Hg]"}},{"valueBoolean":false}]}`, "85354-9", "сист. 148 mm[Hg]; −", "", "2026-11-22"},
		"a medicine":  {`{"medicationCodeableConcept":{"coding":[{"code":"x","display":"Эналаприл"}]},"authoredOn":"2026-01","requester":{"display":"Врач"}}`, "Эналаприл", "", "Врач", "2026-01-01"},
		"a vaccine":   {`{"vaccineCode":{"text":"Грипп"},"occurrenceDateTime":"2025-10-01T09:00:00+06:00","performer":[{"actor":{"display":"Сестра"}}]}`, "Грипп", "", "Сестра", "2025-10-01"},
		"a visit":     {`{"type":[{"text":"Приём"}],"period":{"start":"2024-02-29"}}`, "Приём", "", "", "2024-02-29"},
		"a document":  {`{"type":{"text":"Выписка"},"date":"2026-05-01T00:00:00Z","description":"Эпикриз","author":[{"display":"ЦСМ"}]}`, "Выписка", "", "ЦСМ", "2026-05-01"},
		"other forms": {`{"type":"x","code":"active","performer":{"display":"x"}}`, "", "", "", "2026-11-22"},
		"no JSON":     {`{`, "", "", "", "2026-11-22"},
	} {
		l := read("Observation", "1", []byte(c.body), "lab", written)
		if l.Text != c.text || l.Value != c.value || l.By != c.by || l.At.In(time.FixedZone("", 6*3600)).Format("2006-01-02") != c.day {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

// A doctor sees what was written of this patient alone, also under the ПИН and
// under those who were merged into them; that they saw it is recorded.
func TestWhatOthersWroteIsShownAndRecorded(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, _ := cardtest.Desk(t, store, n)
		ctx := n.As(t.Context(), 0)
		p, _, err := patient.Register(ctx, d, patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл", Sex: patient.Female})
		if err != nil {
			t.Fatal(err)
		}
		p.PIN = "11503198500123"
		do := func(query string, args ...any) {
			t.Helper()
			if err := tx(ctx, store, query, args...); err != nil {
				t.Fatal(err)
			}
		}
		add := func(kind, id, patientID, pin, day string, deleted int) {
			do(`INSERT INTO fhir_resource (kind, id, version, deleted, updated_at, author, patient, pin, body) VALUES ($1, $2, 1, $3, 1, 'lab', $4, $5, $6)`,
				kind, id, deleted, patientID, pin, `{"code":{"text":"`+id+`"},"effectiveDateTime":"`+day+`"}`)
			at, _ := time.Parse("2006-01-02", day)
			do(`INSERT INTO fhir_mark (kind, id, param, system, code, low, high) VALUES ($1, $2, 'date', '', '', $3, $3)`, kind, id, db.Micros(at))
		}
		if v, err := open(ctx, d, p, "", newest); err != nil || len(v.Lines) != 0 || seen(t, store) != 0 {
			t.Fatalf("%+v %v", v, err)
		}
		do(`UPDATE patient SET merged_into = $1 WHERE id <> $1`, p.ID)
		add("Observation", "own", p.ID, "", "2026-11-01", 0)
		add("Patient", "elsewhere", "elsewhere", p.PIN, "2026-11-01", 0)
		add("Condition", "by-pin", "elsewhere", p.PIN, "2026-11-03", 0)
		add("Observation", "of-another", "somebody", "", "2026-11-04", 0)
		add("Observation", "taken-away", p.ID, "", "2026-11-05", 1)
		v, err := open(ctx, d, p, "", newest)
		if err != nil || len(v.Lines) != 2 || v.Lines[0].Text != "by-pin" || v.Lines[1].Text != "own" || v.total() != 2 {
			t.Errorf("%+v %v", v, err)
		}
		if v, err := open(ctx, d, p, "Observation", newest); err != nil || len(v.Lines) != 1 || v.Lines[0].Source != "lab" {
			t.Errorf("%+v %v", v, err)
		}
		counted := func() (n int) {
			t.Helper()
			if err := store.Ask(ctx, Count(p, &n)); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := counted(); n != 2 {
			t.Errorf("%d are counted", n)
		}
		var link strings.Builder
		words := text.With(ctx, text.MustLoad(design.Texts, os.DirFS("../../..")), text.RU)
		if err := Link(p.ID, counted()).Render(words, &link); err != nil || !strings.Contains(link.String(), `href="/patients/`+p.ID+`/outside">Из других систем: 2<`) {
			t.Errorf("the link is %s: %v", link.String(), err)
		}
		link.Reset()
		if err := Link(p.ID, 0).Render(words, &link); err != nil || link.String() != "" {
			t.Errorf("a link to nothing: %s %v", link.String(), err)
		}
		if n := seen(t, store); n != 2 {
			t.Errorf("%d readings are recorded", n)
		}
		p.PIN = ""
		if v, err := open(ctx, d, p, "", newest); err != nil || len(v.Lines) != 1 {
			t.Errorf("an empty ПИН is that of others: %+v %v", v, err)
		}
	})
}

func tx(ctx context.Context, store *db.DB, query string, args ...any) error {
	_, err := store.Single().ExecContext(ctx, query, args...)
	return err
}

func seen(t *testing.T, store *db.DB) (n int) {
	t.Helper()
	if err := store.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record WHERE action = 'outside.read'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
