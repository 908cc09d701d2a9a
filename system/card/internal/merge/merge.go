// Package merge brings together two records of one person, and apart again.
// What belonged to the merged one is led over to the survivor row by row and the
// ledger says which rows those were; documents name a stay, not a person, and are
// never rewritten. The merged record stays and leads to the survivor.
package merge

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// keepers are the posts that keep the register of patients in order.
var keepers = []workforceapi.Role{workforceapi.Head, workforceapi.Statistician, workforceapi.Chief}

// Group is what is chosen together: a name is not put together of two people's.
type Group struct {
	Name    string
	columns []string
}

// Groups are the choices of a merge in the order of the page. What is known of
// one of the two alone is taken over; alerts and descriptions are always kept of
// both.
var Groups = []Group{
	{"pin", []string{"pin"}},
	{"name", []string{"family_name", "given_name", "patronymic", "kind", "birth_order"}},
	{"birth", []string{"birth_date", "birth_year"}},
	{"sex", []string{"sex"}},
	{"passport", []string{"passport"}},
	{"citizenship", []string{"citizenship", "country"}},
	{"address", []string{"address", "region", "rural"}},
	{"phone", []string{"phone"}},
	{"insurance", []string{"policy", "insured", "policy_from", "policy_until"}},
	{"category", []string{"category", "privilege"}},
	{"social_status", []string{"social_status"}},
	{"workplace", []string{"workplace"}},
	{"kin", []string{"kin_name", "kin_relation", "kin_phone"}},
	{"blood", []string{"blood_group", "rhesus", "blood_at", "blood_by"}},
}

// kept are the columns of which every line of both is kept.
var kept = []string{"alerts", "description"}

// Row is a patient's data by column; numbers are written in digits.
type Row map[string]string

// value is what a group says of the row, "" when nothing is known.
func (r Row) value(g Group) string { return r[g.columns[0]] }

// empty says that the row knows nothing of the group.
func (r Row) empty(g Group) bool {
	switch g.Name {
	case "birth":
		return r["birth_date"] == "" && (r["birth_year"] == "" || r["birth_year"] == "0")
	case "sex":
		return r["sex"] == patient.Unknown
	case "name":
		return r["family_name"] == "" && r["given_name"] == "" || r["kind"] == patient.Newborn && r["given_name"] == ""
	case "insurance":
		return r["policy"] == "" && r["insured"] != "1"
	}
	return r.value(g) == ""
}

func (r Row) same(other Row, g Group) bool {
	for _, column := range g.columns {
		if r[column] != other[column] {
			return false
		}
	}
	return true
}

// Side is one of the two as the comparison shows them.
type Side struct {
	Patient patient.Patient
	Row     Row
	Stays   []Stay
}

// Stay is what a comparison shows of a stay.
type Stay struct {
	ID                       string
	Organisation             string
	Open                     bool
	AdmittedAt, DischargedAt time.Time // DischargedAt zero: lies now
	Diagnosis                string    // code
}

// open is the stay that is not over.
func (s Side) open() bool {
	return slices.ContainsFunc(s.Stays, func(one Stay) bool { return one.Open })
}

// Default is whose value is taken when nobody chooses: the survivor's, of what
// the survivor does not know the other's.
func Default(survivor, merged Row, g Group) (ofMerged bool) {
	return survivor.empty(g) && !merged.empty(g)
}

// Wish is a merge as it is asked for.
type Wish struct {
	Survivor string          // id
	Merged   string          // id
	OfMerged map[string]bool // groups whose value is the merged one's
	Reason   string
}

// Contradictions are the keys of what speaks against the two being one person.
// A merge in spite of them needs a reason.
func Contradictions(a, b Side) []string {
	var keys []string
	differ := func(group, key string) {
		g := Groups[slices.IndexFunc(Groups, func(g Group) bool { return g.Name == group })]
		if !a.Row.empty(g) && !b.Row.empty(g) && a.Row.value(g) != b.Row.value(g) {
			keys = append(keys, key)
		}
	}
	differ("pin", "card.merge.two_pins")
	differ("sex", "card.merge.two_sexes")
	if a.Row["birth_date"] != "" && b.Row["birth_date"] != "" && a.Row["birth_date"] != b.Row["birth_date"] {
		keys = append(keys, "card.merge.two_births_dates")
	}
	if blood := func(r Row) string { return r["blood_group"] + r["rhesus"] }; a.Row["blood_group"] != "" && b.Row["blood_group"] != "" && blood(a.Row) != blood(b.Row) {
		keys = append(keys, "card.merge.two_bloods")
	}
	if overlap(a.Stays, b.Stays) {
		keys = append(keys, "card.merge.two_places")
	}
	return keys
}

// overlap says whether both lay in a hospital at one time.
func overlap(a, b []Stay) bool {
	for _, one := range a {
		for _, other := range b {
			if one.before(other) || other.before(one) {
				continue
			}
			return true
		}
	}
	return false
}

func (s Stay) before(other Stay) bool { return !s.Open && !s.DischargedAt.After(other.AdmittedAt) }

// May says whether the member of staff may merge the two. The register's keepers
// may; a doctor only gives a nameless person, or a child without a ПИН, the name
// that was found. Either way one of the two is of the doctor's own hospital.
func May(ctx context.Context, a, b Side) error {
	staff := desk.Of(ctx)
	nameless := func(s Side) bool {
		return s.Row["pin"] == "" && (s.Row["kind"] == patient.Nameless || s.Row["kind"] == patient.Newborn)
	}
	if !slices.Contains(keepers, staff.Post.Role) && (staff.Post.Role != workforceapi.Doctor || !nameless(a) && !nameless(b)) {
		return fail.New(fail.Forbidden, "card.merge.not_yours")
	}
	own := func(s Side) bool {
		return s.Patient.Organisation == staff.Post.Organisation ||
			slices.ContainsFunc(s.Stays, func(one Stay) bool { return one.Organisation == staff.Post.Organisation })
	}
	if !own(a) && !own(b) {
		return fail.New(fail.Forbidden, "card.merge.not_here")
	}
	return nil
}

// join is the survivor's row after the merge.
func join(survivor, merged Row, w Wish) Row {
	became := maps.Clone(survivor)
	for _, g := range Groups {
		take := w.OfMerged[g.Name]
		if survivor.empty(g) != merged.empty(g) {
			take = survivor.empty(g) // nothing known never wins over something
		}
		if take {
			for _, column := range g.columns {
				became[column] = merged[column]
			}
		}
	}
	for _, column := range kept {
		became[column] = unite(survivor[column], merged[column])
	}
	named(became)
	return became
}

// named makes anew what is made of the name.
func named(r Row) {
	r["folded_name"] = text.Fold(text.Joined(r["family_name"], r["given_name"], r["patronymic"]))
	r["alike_key"] = patient.AlikeKey(r["family_name"], r["given_name"])
}

// unite is every line of both, once.
func unite(a, b string) string {
	lines := []string{}
	for line := range strings.SplitSeq(a+"\n"+b, "\n") {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if joined := strings.Join(lines, "\n"); joined != strings.TrimSpace(a) {
		return joined
	}
	return a
}

// part is the survivor's row after the undoing: what nobody has changed since the
// merge is as it was before, what was changed since stays.
func part(was, became, current Row) Row {
	after := maps.Clone(current)
	for _, g := range Groups {
		if !current.same(became, g) {
			continue
		}
		for _, column := range g.columns {
			after[column] = was[column]
		}
	}
	for _, column := range kept {
		after[column] = without(was[column], became[column], current[column])
	}
	named(after)
	return after
}

// without takes out of the text the lines that the merge brought.
func without(was, became, current string) string {
	if current == became {
		return was
	}
	own := strings.Split(was, "\n")
	var lines []string
	for line := range strings.SplitSeq(current, "\n") {
		if slices.Contains(strings.Split(became, "\n"), line) && !slices.Contains(own, line) {
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Merge is one that was made.
type Merge struct {
	ID           string
	SurvivorID   string
	MergedID     string
	Organisation string
	Reason       string
	Was, Became  Row
	MergedPIN    string
	At           time.Time
	ByName       string
	UndoneAt     time.Time // zero: it stands
	UndoneName   string
	UndoReason   string
}

// closeDates says whether two birth dates differ by a slip of the pen: one figure
// or day and month in each other's place.
func closeDates(a, b clock.Date) bool {
	if a.IsZero() || b.IsZero() || a == b {
		return true
	}
	if a.Year == b.Year && int(a.Month) == b.Day && int(b.Month) == a.Day {
		return true
	}
	one, other, differ := a.String(), b.String(), 0
	for i := range one {
		if one[i] != other[i] {
			differ++
		}
	}
	return differ == 1
}
