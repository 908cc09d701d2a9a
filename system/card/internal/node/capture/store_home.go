package capture

import (
	"slices"
	"strconv"
	"strings"
)

// Home says to whom a table's rows belong, and so what a node gets of it and may
// change at the centre.
type Home int

// Homes of tables.
const (
	Nobody   Home = iota // only added to, by whoever writes: goes up, never down
	Hospital             // to one organisation: its node's values stand
	Person               // to a patient, whom several hospitals know: the centre's values stand
	Guide                // to the centre: goes down alone
)

// references are what the centre keeps for everybody.
var references = []string{"icd", "icd_import", "icd_past", "procedure_code", "procedure_import", "copayment_category", "referral_rule"}

// without a home, though a column looks like one: access_record.organisation is
// a name, and the records of others are nobody's business.
var nobodys = []string{"access_record", "away_sign_in"}

// besides are tables whose organisation is of who wrote the row: they belong
// where the row belongs that they name.
var besides = []string{"referral_step"}

// referrals is the table that two hospitals share.
const referrals = "referral"

// links are columns that name a row without a foreign key, by table and column.
var links = map[string]Reference{
	"form_document": {Column: "number", Table: "form", Target: "number"},
	"tear_off_way":  {Column: "root", Table: "tear_off", Target: "root"},
}

// patients is the table that people themselves are in.
const patients = "patient"

// Within is the condition that holds for rows of the organisations, whose codes
// are the parameters $from and on, and what kind of home the table has. "" for
// tables that are nobody's.
func (s *Schema) Within(t Table, from, organisations int) (condition string, home Home) {
	return s.within(t, from, organisations, nil)
}

func (s *Schema) within(t Table, from, organisations int, above []string) (string, Home) {
	codes := make([]string, organisations)
	for i := range codes {
		codes[i] = "$" + strconv.Itoa(from+i)
	}
	in := ` IN (` + strings.Join(codes, ", ") + `)`
	switch {
	case organisations == 0 || slices.Contains(nobodys, t.Name) || slices.Contains(above, t.Name):
		return "", Nobody
	case slices.Contains(references, t.Name):
		return "1 = 1", Guide
	case t.Name == patients:
		return `(organisation` + in + ` OR id IN (SELECT patient_id FROM stay WHERE organisation` + in + `)
			OR id IN (SELECT patient_id FROM referral WHERE from_organisation` + in + ` OR to_organisation` + in + `))`, Person
	case t.Name == referrals:
		return `(from_organisation` + in + ` OR to_organisation` + in + `)`, Person
	case t.Has("organisation") && !slices.Contains(besides, t.Name):
		return `organisation` + in, Hospital
	}
	// Of several ways the one that leads to a hospital, and of those one that every
	// row has: a patient without a bed is moved too.
	best, home := "", Nobody
	ways := s.References(t)
	slices.SortStableFunc(ways, func(a, b Reference) int { return t.optional(a) - t.optional(b) })
	for _, r := range ways {
		parent, ok := s.Table(r.Table)
		if !ok || parent.Name == t.Name {
			continue
		}
		condition, kind := s.within(parent, from, organisations, append(slices.Clone(above), t.Name))
		if condition != "" && kind != Guide && (best == "" || (home == Person && kind == Hospital)) {
			best, home = r.Column+` IN (SELECT `+r.Target+` FROM `+parent.Name+` WHERE `+condition+`)`, kind
		}
	}
	return best, home
}

// optional is 1 for a reference that a row may be without, 0 for others.
func (t Table) optional(r Reference) int {
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == r.Column && c.Optional }) {
		return 1
	}
	return 0
}

// References are the table's foreign keys and what stands for one.
func (s *Schema) References(t Table) []Reference {
	all := slices.Clone(t.References)
	if r, ok := links[t.Name]; ok {
		all = append(all, r)
	}
	if t.Has("patient_id") && !slices.ContainsFunc(all, func(r Reference) bool { return r.Column == "patient_id" }) {
		all = append(all, Reference{Column: "patient_id", Table: patients, Target: "id"})
	}
	if t.Has("stay_id") && !slices.ContainsFunc(all, func(r Reference) bool { return r.Column == "stay_id" }) {
		all = append(all, Reference{Column: "stay_id", Table: "stay", Target: "id"})
	}
	for i, r := range all {
		if r.Target == "" { // SQLite: the parent's key
			if parent, ok := s.Table(r.Table); ok && len(parent.Key) == 1 {
				all[i].Target = parent.Key[0]
			}
		}
	}
	return all
}

// PatientColumns are the columns of the table that name a patient.
func (s *Schema) PatientColumns(t Table) []string {
	var columns []string
	if t.Name == patients {
		columns = append(columns, "id")
	}
	for _, r := range s.References(t) {
		if r.Table == patients && !slices.Contains(columns, r.Column) {
			columns = append(columns, r.Column)
		}
	}
	return columns
}
