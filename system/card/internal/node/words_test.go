package node

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
	"github.com/sanarip/sanarip/system/card/migration"
)

var (
	updateOf = regexp.MustCompile(`(?s)UPDATE\s+(\w+)\s+(?:AS\s+\w+\s+)?SET\s+(.*)`)
	upsertOf = regexp.MustCompile(`(?s)INSERT\s+INTO\s+(\w+)\b.*DO\s+UPDATE\s+SET\s+(.*)`)
	setsOf   = regexp.MustCompile(`(?:^|,)\s*(\w+)\s*=`)
	endOf    = regexp.MustCompile(`\s(WHERE|FROM|RETURNING)\s`)
)

// changedColumns are the columns that the card's own SQL changes in rows that are
// there already, by table: what two sides can change both.
func changedColumns(t *testing.T) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	note := func(statement string) {
		for _, kind := range []*regexp.Regexp{upsertOf, updateOf} {
			found := kind.FindStringSubmatch(statement)
			if found == nil {
				continue
			}
			sets := found[2]
			if end := endOf.FindStringIndex(sets); end != nil {
				sets = sets[:end[0]]
			}
			if all[found[1]] == nil {
				all[found[1]] = map[string]bool{}
			}
			for _, column := range setsOf.FindAllStringSubmatch(sets, -1) {
				all[found[1]][column[1]] = true
			}
			return
		}
	}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op == token.ADD {
					note(joined(n))
					return false
				}
			case *ast.BasicLit:
				note(joined(n))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// joined is a text that is put together of literals, what is not one as $.
func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			if err == nil {
				return s
			}
		}
	case *ast.BinaryExpr:
		return joined(e.X) + joined(e.Y)
	}
	return "$"
}

// Every field that both sides can change is shown in words of each language, and
// each coded value of it: none by the name that the database has for it.
func TestEveryFieldThatCanConflictHasWords(t *testing.T) {
	t.Parallel()
	catalogue, err := text.Load(os.DirFS("../.."), design.Texts)
	if err != nil {
		t.Fatal(err)
	}
	speaks := func(key, of string) {
		t.Helper()
		if !catalogue.Has(key) { // in every language, or it would not have loaded
			t.Errorf("%s: no words %s", of, key)
		}
	}
	p := schemaOf(t)
	changed := changedColumns(t)
	for _, table := range p.Tables { // doubles that are merged change whose rows are
		for _, column := range p.PatientColumns(table) {
			if column != "id" && len(table.Key) == 1 && table.Key[0] == "id" {
				if changed[table.Name] == nil {
					changed[table.Name] = map[string]bool{}
				}
				changed[table.Name][column] = true
			}
		}
	}
	walked := 0
	for name, columns := range changed {
		table, ok := p.Table(name)
		if !ok {
			continue // stays on its side
		}
		if _, home := p.Within(table, 1, 1); home != capture.Hospital && home != capture.Person {
			continue
		}
		for column := range columns {
			of := name + "." + column
			if !table.Has(column) {
				t.Errorf("%s is read out of the program's SQL but is no column", of)
				continue
			}
			if merge.Silent(name, column) {
				continue
			}
			walked++
			f, ok := fieldOf(name, column)
			if !ok {
				t.Errorf("both sides can change %s, and the page of conflicts has no words for it", of)
				continue
			}
			speaks("card.node.field."+f.name, of)
			if name != "patient" {
				speaks("card.node.table."+name, of)
			}
			for _, code := range f.codes {
				if code != "" {
					speaks(f.prefix+code, of)
				}
			}
			if f.with != "" && !table.Has(f.with) {
				t.Errorf("%s is decided with %s, which is no column", of, f.with)
			}
		}
	}
	if walked < 100 {
		t.Errorf("%d fields were walked: the program's SQL is not read", walked)
	}
	for name, columns := range fields { // and none is worded that cannot change
		for column := range columns {
			if !changed[name][column] && !slices.Contains(mergedAlone, name+"."+column) {
				t.Errorf("%s.%s has words but nothing changes it", name, column)
			}
		}
	}
}

// mergedAlone are columns that no use case changes: a person whom both sides
// registered may differ in them; or of which the centre asks (Asked).
var mergedAlone = []string{"patient.policy_from", "patient.description", "newborn.birth_order"}

// schemaOf is the card's schema.
func schemaOf(t *testing.T) *capture.Schema {
	t.Helper()
	d := dbtest.SQLite(t, "card", migration.Sets...)
	schema, err := capture.Read(t.Context(), d.Read, d.Dialect)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// A stay whose doctor and end both sides wrote shows people, departments and
// moments, together what belongs together; a decision takes all of it.
func TestAConflictOfAStayReadsAsPeopleSpeak(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		pin := formtest.PIN(61)
		stayID := p.centre.Stay(p.centre.Patient(pin))
		p.meet()
		p.wire.cut.Store(true)
		doctor, head := desk.Of(formtest.Doctor(t.Context())), desk.Of(formtest.Head(t.Context()))
		p.centre.Exec(`UPDATE stay SET doctor_pin = $2, doctor_name = $3, brought_by = 'other' WHERE id = $1`, stayID, "21209196000217", "Центрова Ц.")
		p.node.Exec(`UPDATE stay SET doctor_pin = $2, doctor_name = $3, brought_by = 'referral' WHERE id = $1`, stayID, head.PIN, head.Name)
		p.centre.Exec(`UPDATE patient SET family_name = 'Борборова' WHERE pin = $1`, pin)
		p.node.Exec(`UPDATE patient SET given_name = 'Түйүн' WHERE pin = $1`, pin)
		p.wire.cut.Store(false)
		p.meet()
		p.alike()
		words, err := text.Load(os.DirFS("../.."), design.Texts)
		if err != nil {
			t.Fatal(err)
		}
		ctx := text.With(formtest.Head(t.Context()), words, text.RU)
		all, err := Conflicts(ctx, p.node.Desk.DB.Read, formtest.Hospital, false)
		if err != nil {
			t.Fatal(err)
		}
		p.node.Desk.Directory.Workforce = cardtest.New()
		called, err := namesOf(ctx, p.node.Desk, all)
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]matter{}
		for _, m := range matters(all, called) {
			shown[m.Table+"."+m.Column] = m
		}
		m, ok := shown["stay.doctor_name"]
		if !ok || len(shown) != 2 {
			t.Fatalf("%d matters of %d conflicts: %v", len(shown), len(all), shown)
		}
		if _, alone := shown["stay.doctor_pin"]; alone || m.value(ctx, ourValue) != "Центрова Ц." || m.value(ctx, theirValue) != head.Name ||
			!strings.Contains(m.title(ctx), "Лечащий врач") {
			t.Errorf("%q: %q, %q", m.title(ctx), m.value(ctx, ourValue), m.value(ctx, theirValue))
		}
		if brought := shown["stay.brought_by"]; brought.value(ctx, ourValue) != "иначе" || brought.value(ctx, theirValue) != "по направлению" {
			t.Errorf("%q, %q", brought.value(ctx, ourValue), brought.value(ctx, theirValue))
		}
		if got := called.read(ctx, "stay", "doctor_pin", head.PIN); got != head.Name {
			t.Errorf("the one who looks is called %q", got)
		}
		if got := called.read(ctx, "stay", "doctor_pin", doctor.PIN); strings.Contains(got, doctor.PIN) {
			t.Errorf("a ПИН is shown whole: %q", got)
		}
		if err := Decide(ctx, p.node.Desk, p.n.Merger.Schema, m.ID, "ours"); err != nil {
			t.Fatal(err)
		}
		p.meet()
		p.alike()
		for side, w := range map[string]formtest.World{"centre": p.centre, "node": p.node} {
			if got := w.Int(`SELECT COUNT(*) FROM stay WHERE id = $1 AND doctor_name = 'Центрова Ц.' AND doctor_pin = '21209196000217'`, stayID); got != 1 {
				t.Errorf("%s: the name and the ПИН of the doctor are not of one person", side)
			}
			// A name put together of both sides' is found as it reads.
			if got := w.Int(`SELECT COUNT(*) FROM patient WHERE pin = $1 AND family_name = 'Борборова' AND given_name = 'Түйүн' AND folded_name LIKE $2`,
				pin, text.Fold("Борборова Түйүн")+"%"); got != 1 {
				t.Errorf("%s: the person is not found by their name", side)
			}
		}
	})
}

// Whoever works at a node with a cut line sees on each page since when, and how
// much waits; with the line up the mark is quiet.
func TestEachPageOfANodeTellsHowTheLineIs(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		words, err := text.Load(os.DirFS("../.."), design.Texts)
		if err != nil {
			t.Fatal(err)
		}
		ctx := text.With(formtest.Doctor(t.Context()), words, text.RU)
		pages := Pages{Desk: p.node.Desk, Schema: p.n.Merger.Schema, Node: p.n}
		mark := func() page.NavItem {
			t.Helper()
			var v page.View
			if err := pages.Fill(ctx, &v); err != nil || len(v.Nav) != 1 {
				t.Fatalf("%+v, %v", v.Nav, err)
			}
			return v.Nav[0]
		}
		p.meet()
		if got := mark(); got.Key != "card.nav.node" || got.Badge != "" {
			t.Errorf("with a line: %+v", got)
		}
		p.wire.cut.Store(true)
		cut := text.Moment(p.node.Clock.Now())
		if _, err := p.n.down(t.Context(), errNoLine); err != nil {
			t.Fatal(err)
		}
		p.node.Clock.Advance(5 * time.Hour)
		dischargeOne(t, p.node, formtest.PIN(71))
		waiting, _, err := capture.Waiting(t.Context(), p.node.Desk.DB.Read, p.self().Acked)
		if err != nil || waiting == 0 {
			t.Fatal(waiting, err)
		}
		got := mark()
		if got.Key != "card.nav.node_down" || !strings.Contains(got.Badge, cut) || !strings.Contains(got.Badge, strconv.FormatInt(waiting, 10)) {
			t.Errorf("with a cut line: %+v, cut %s, %d waiting", got, cut, waiting)
		}
	})
}
