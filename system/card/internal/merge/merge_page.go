package merge

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Mount puts in the likely doubles, the comparison, and the merges that were made.
func Mount(d *desk.Desk) {
	d.Page("GET /merge", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return listPage(w, r, d) })
	d.Page("GET /merge/compare", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return comparePage(w, r, d) })
	d.Page("POST /merge", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return mergePage(w, r, d) })
	d.Page("POST /merge/apart", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return apartPage(w, r, d) })
	d.Page("GET /merge/{id}", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error {
		return madePage(w, r, d, page.NewForm(), http.StatusOK)
	})
	d.Page("POST /merge/{id}/undo", keepers, func(w http.ResponseWriter, r *http.Request) error { return undoPage(w, r, d) })
}

// Panel is what a patient's page shows of doubles and merges. Give it to
// patient.Mount.
func Panel(d *desk.Desk) patient.Panel {
	return func(ctx context.Context, p patient.Patient) (templ.Component, error) {
		pairs, err := DoublesOf(ctx, d.DB.Read, p)
		if err != nil {
			return nil, err
		}
		made, err := ofPatient(ctx, d.DB.Read, p.ID)
		if err != nil {
			return nil, err
		}
		// The others are named too: they may ask who has seen that they were here.
		var named []string
		for _, p := range pairs {
			named = append(named, p.B.PIN)
		}
		return panelView(pairs, made), d.SeenAll(ctx, named, "patient.find")
	}
}

// list is what the page of doubles shows.
type list struct {
	Pairs []Pair
	Made  []Merge
	Names map[string]string // of the survivors, by id
}

func listPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	pairs, err := Doubles(ctx, d.DB.Read, staff.Post.Organisation)
	if err != nil {
		return err
	}
	v := list{Pairs: pairs, Names: map[string]string{}}
	if v.Made, err = ofOrganisation(ctx, d.DB.Read, staff.Post.Organisation); err != nil {
		return err
	}
	var seen []string
	for _, p := range pairs {
		seen = append(seen, p.A.PIN, p.B.PIN)
	}
	for _, m := range v.Made {
		p, err := patient.Load(ctx, d.DB.Read, m.SurvivorID)
		if err != nil {
			return err
		}
		v.Names[m.ID], seen = p.Name(ctx), append(seen, p.PIN)
	}
	slices.Sort(seen)
	if err := d.SeenAll(ctx, slices.Compact(seen), "patient.find"); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, listView(v))
}

// comparison is two records side by side: A the survivor, B the merged one.
type comparison struct {
	A, B    Side
	Form    *page.Form
	Against []string // keys of what speaks against
	Refused error    // why the reader cannot merge them
	Names   map[string]string
	Now     time.Time
}

// comparePage proposes as survivor who has a ПИН, then who has more stays.
func comparePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	q := r.URL.Query()
	a, b := q.Get("a"), q.Get("b")
	if q.Get("kept") == "" {
		one, err := loadSide(r.Context(), d.DB.Read, a)
		if err != nil {
			return err
		}
		other, err := loadSide(r.Context(), d.DB.Read, b)
		if err != nil {
			return err
		}
		if one.Row["pin"] == "" && other.Row["pin"] != "" || one.Row["pin"] == other.Row["pin"] && len(other.Stays) > len(one.Stays) {
			a, b = b, a
		}
	}
	return renderComparison(w, r, d, a, b, page.NewForm(), http.StatusOK)
}

func renderComparison(w http.ResponseWriter, r *http.Request, d *desk.Desk, a, b string, form *page.Form, status int) error {
	ctx := r.Context()
	v := comparison{Form: form, Names: map[string]string{}, Now: d.Clock.Now()}
	var err error
	if v.A, err = loadSide(ctx, d.DB.Read, a); err != nil {
		return err
	}
	if v.B, err = loadSide(ctx, d.DB.Read, b); err != nil {
		return err
	}
	if a == b {
		return fail.New(fail.Invalid, "card.merge.oneself")
	}
	if v.A.Patient.MergedInto != "" || v.B.Patient.MergedInto != "" {
		return fail.New(fail.Conflict, "card.merge.already")
	}
	v.Against = Contradictions(v.A, v.B)
	if v.Refused = May(ctx, v.A, v.B); v.Refused == nil && v.A.open() && v.B.open() {
		v.Refused = fail.New(fail.Conflict, "card.merge.both_lie")
	}
	for _, s := range slices.Concat(v.A.Stays, v.B.Stays) {
		v.Names[s.Organisation] = d.Directory.Name(ctx, s.Organisation).Here(ctx)
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return seenBoth(ctx, d, tx, "patient.compare", "", v.A.Row["pin"], v.B.Row["pin"])
	})
	if err != nil {
		return err
	}
	return page.Render(w, r, status, compareView(v))
}

func mergePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	wish := Wish{Survivor: form.Text("survivor", 64), Merged: form.Text("merged", 64), Reason: form.Text("reason", 500), OfMerged: map[string]bool{}}
	for _, g := range Groups {
		wish.OfMerged[g.Name] = form.Get("of_"+g.Name) == "merged"
	}
	mergeID, err := Do(r.Context(), d, wish)
	if err == nil {
		page.Notice(w, "card.merge.done")
		return page.Redirect(w, r, "/merge/"+mergeID)
	}
	if !form.Take(err) {
		return err
	}
	return renderComparison(w, r, d, wish.Survivor, wish.Merged, form, http.StatusUnprocessableEntity)
}

func apartPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := Apart(r.Context(), d, form.Text("a", 64), form.Text("b", 64)); err != nil {
		return err
	}
	page.Notice(w, "card.merge.apart_done")
	return page.Redirect(w, r, "/merge")
}

// made is the page of a merge that was made.
type made struct {
	Merge Merge
	Name  string // of the survivor
	Since []Stay // stays that began since
	Form  *page.Form
	May   bool
}

func madePage(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, status int) error {
	ctx := r.Context()
	m, err := Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	if m.Organisation != desk.Of(ctx).Post.Organisation {
		return fail.New(fail.NotFound, "card.merge.not_found")
	}
	p, err := patient.Load(ctx, d.DB.Read, m.SurvivorID)
	if err != nil {
		return err
	}
	v := made{Merge: m, Name: p.Name(ctx), Form: form, May: m.UndoneAt.IsZero() && mayUndo(ctx, m) == nil}
	if v.Since, err = newStays(ctx, d.DB.Read, m); err != nil {
		return err
	}
	if err := d.SeenAll(ctx, []string{p.PIN}, "patient.read"); err != nil {
		return err
	}
	return page.Render(w, r, status, madeView(v))
}

func undoPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	mergeID := r.PathValue("id")
	err = Undo(r.Context(), d, mergeID, form.Text("reason", 500), form.All("back"))
	if err == nil {
		page.Notice(w, "card.merge.undone")
		return page.Redirect(w, r, "/merge/"+mergeID)
	}
	if !form.Take(err) {
		return err
	}
	return madePage(w, r, d, form, http.StatusUnprocessableEntity)
}

// shown is a group's value in words.
func (s Side) shown(ctx context.Context, g Group) string {
	p, r := s.Patient, s.Row
	switch g.Name {
	case "pin":
		return pin.Grouped(r["pin"])
	case "name":
		return p.Name(ctx)
	case "birth":
		if p.BirthDate.IsZero() && p.BirthYear > 0 {
			return "≈ " + strconv.Itoa(p.BirthYear)
		}
		return text.Date(p.BirthDate)
	case "sex":
		return p.SexWord(ctx)
	case "citizenship":
		return text.Joined(r["citizenship"], patient.CountryName(ctx, r["country"]))
	case "insurance":
		if p.Insured {
			return text.Joined(text.T(ctx, "card.patient.insured"), r["policy"])
		}
		return text.Joined(text.T(ctx, "card.patient.not_insured"), r["policy"])
	case "category":
		if r["category"] == "" {
			return ""
		}
		return text.Joined(patient.CategoryWord(ctx, r["category"]), r["privilege"])
	case "social_status":
		return patient.SocialWord(ctx, r["social_status"])
	case "kin":
		return text.Joined(r["kin_name"], r["kin_relation"], r["kin_phone"])
	case "blood":
		return patient.BloodWord(r["blood_group"], r["rhesus"])
	}
	return r.value(g)
}

// lie says whether any of the people lies in a hospital now.
func (s Side) lies() (Stay, bool) {
	for _, one := range s.Stays {
		if one.Open {
			return one, true
		}
	}
	return Stay{}, false
}

// keptLines are the alerts and descriptions of both.
func (v comparison) keptLines(column string) string {
	return strings.ReplaceAll(unite(v.A.Row[column], v.B.Row[column]), "\n", "; ")
}
