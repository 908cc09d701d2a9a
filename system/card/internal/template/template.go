// Package template is the texts that doctors begin their entries with: those of
// the department, kept by its head, and those of each doctor (MC-1). What the
// record knows stands in them as a word in braces and is filled when the text
// is put into an entry: «{день}», «{диагноз}».
package template

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// most is how many a department or a doctor may have: a list that one reads.
const most = 60

// NoneSuch is the key of the error that a template is not there, or not any more.
const NoneSuch = "card.template.none_such"

// Template is one text.
type Template struct {
	ID         string
	Department string // 2 digits; "" for a doctor's own
	OwnerPIN   string // "" for the department's
	Kind       string // of the entry that it begins
	Name       string
	Body       string
	ChangedAt  time.Time
}

// Own says that the template is a doctor's, not the department's.
func (t Template) Own() bool { return t.OwnerPIN != "" }

// May says whether the member of staff may change it.
func (t Template) May(staff desk.Staff) bool {
	if t.Own() {
		return t.OwnerPIN == staff.PIN
	}
	return staff.Post.Role == workforceapi.Head && (staff.Post.Department == "" || staff.Post.Department == t.Department)
}

// Saving is a new template, or with ID one that is changed.
type Saving struct {
	ID         string
	Once       string // id of a new one
	Department bool   // of the department, not the doctor's own
	Kind       string
	Name       string
	Body       string
}

// Save writes a template of the doctor or, by its head, of the department.
func Save(ctx context.Context, d *desk.Desk, kinds []string, in Saving) error {
	staff := desk.Of(ctx)
	findings := append(writing.OneOf("kind", in.Kind, kinds), writing.Required("name", in.Name)...)
	findings = append(findings, writing.Required("body", in.Body)...)
	if err := writing.Invalid(findings); err != nil {
		return err
	}
	t := Template{ID: in.ID, Kind: in.Kind, Name: in.Name, Body: in.Body, ChangedAt: d.Clock.Now(), OwnerPIN: staff.PIN}
	if in.Department {
		t.OwnerPIN, t.Department = "", staff.Post.Department
		if t.Department == "" || staff.Post.Role != workforceapi.Head {
			return fail.New(fail.Forbidden, "card.template.head_only")
		}
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if in.ID != "" {
			known, err := find(ctx, tx, staff.Post.Organisation, in.ID)
			if err != nil {
				return err
			}
			if !known.May(staff) {
				return fail.New(fail.Forbidden, "card.template.head_only")
			}
			return update(ctx, tx, t, staff.PIN)
		}
		if err := writing.CheckOnce(in.Once); err != nil {
			return err
		}
		t := t
		t.ID = in.Once
		n, err := count(ctx, tx, staff.Post.Organisation, t.Department, t.OwnerPIN)
		if err != nil {
			return err
		}
		if n >= most {
			return fail.New(fail.Conflict, "card.template.too_many", "Count", most)
		}
		return insert(ctx, tx, staff.Post.Organisation, t, staff.PIN)
	})
}

// Remove takes a template away. What was written with it stays.
func Remove(ctx context.Context, d *desk.Desk, id string) error {
	staff := desk.Of(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		t, err := find(ctx, tx, staff.Post.Organisation, id)
		if err != nil {
			return err
		}
		if !t.May(staff) {
			return fail.New(fail.Forbidden, "card.template.head_only")
		}
		return remove(ctx, tx, id)
	})
}

// Offered are those that the member of staff of ctx may begin an entry with:
// their own first, then those of the department in which the patient lies.
func Offered(ctx context.Context, d *desk.Desk, department string) ([]Template, error) {
	var all []Template
	err := d.DB.Ask(ctx, Offering(ctx, department, &all))
	return all, err
}

// Offering is the question of Offered, to be asked beside others.
func Offering(ctx context.Context, department string, into *[]Template) db.Question {
	staff := desk.Of(ctx)
	return offering(staff.Post.Organisation, department, staff.PIN, into)
}

// Find is a template that the member of staff of ctx may use.
func Find(ctx context.Context, d *desk.Desk, id string) (Template, error) {
	staff := desk.Of(ctx)
	t, err := find(ctx, d.DB.Read, staff.Post.Organisation, id)
	if err == nil && t.Own() && t.OwnerPIN != staff.PIN {
		err = fail.New(fail.NotFound, NoneSuch)
	}
	return t, err
}

// Known is what a record fills in.
type Known struct {
	Day, Age, Diagnosis, Vitals string
}

// words of the braces in Kyrgyz, Russian and English.
var words = [][]string{
	{"күн", "день", "day"}, {"жашы", "возраст", "age"}, {"диагноз", "diagnosis"}, {"көрсөткүчтөр", "показатели", "vitals"},
}

// Words are the words in braces, for the page that explains them.
func Words() []string {
	var all []string
	for _, same := range words {
		for _, word := range same {
			if !slices.Contains(all, word) {
				all = append(all, "{"+word+"}")
			}
		}
	}
	return all
}

// Fill puts what is known in the place of the words in braces. What is not
// known leaves the place empty; other braces stay as they are.
func Fill(body string, known Known) string {
	values := []string{known.Day, known.Age, known.Diagnosis, known.Vitals}
	var pairs []string
	for i, same := range words {
		for _, word := range same {
			pairs = append(pairs, "{"+word+"}", values[i])
		}
	}
	return strings.NewReplacer(pairs...).Replace(body)
}
