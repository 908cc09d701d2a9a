package monitor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts the figures of one's own organisation and their lists in.
func Mount(d *desk.Desk) {
	p := pages{d}
	d.Page("GET /monitor", Readers, p.own)
	d.Page("GET /monitor/{matter}", listers, p.list)
}

type pages struct{ desk *desk.Desk }

// Department is a line of figures.
type Department struct {
	Code, Name string
	Figures
}

// ownOf is the page of one's own organisation.
type ownOf struct {
	Departments []Department
	All         Figures
	Deadlines   Deadlines
	Lists       bool // the reader may open the lists of work
}

// mayList says whether the post opens lists with names: those who treat, the
// chief physician and those who answer for the forms. Management sees counts alone.
func mayList(post workforceapi.Post) bool {
	return slices.Contains(listers, post.Role)
}

// reach is the department whose figures the post opens, "" for all.
func reach(post workforceapi.Post) string {
	if post.Role == workforceapi.Head {
		return post.Department
	}
	return ""
}

func (p pages) own(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	post := desk.Of(ctx).Post
	figures, err := Compute(ctx, p.desk, post.Organisation)
	if err != nil {
		return err
	}
	v := ownOf{Lists: mayList(post)}
	if v.Deadlines, err = InForce(ctx, p.desk.DB.Read, clock.DateOf(p.desk.Clock.Now())); err != nil {
		return err
	}
	o, err := p.desk.Directory.Organisation(ctx, post.Organisation)
	if err != nil {
		return err
	}
	v.Departments = Departments(ctx, o, figures, reach(post))
	v.All = Sum(v.Departments)
	return page.Render(w, r, http.StatusOK, ownView(v))
}

// Departments are the figures with names, what waits most at the top; only one
// department if it is given.
func Departments(ctx context.Context, o workforceapi.Organisation, figures map[string]Figures, only string) []Department {
	var all []Department
	for _, d := range o.Departments {
		if _, ok := figures[d.Code]; !ok {
			figures[d.Code] = Figures{}
		}
	}
	for code, f := range figures {
		if only == "" || only == code {
			all = append(all, Department{code, directory.DepartmentName(o, code).Here(ctx), f})
		}
	}
	slices.SortFunc(all, func(a, b Department) int {
		return cmp.Or(cmp.Compare(b.Now(), a.Now()), cmp.Compare(b.FormLate, a.FormLate), cmp.Compare(a.Code, b.Code))
	})
	return all
}

// Sum is the figures of all departments together.
func Sum(all []Department) Figures {
	var sum Figures
	for _, d := range all {
		sum = sum.Add(d.Figures)
	}
	return sum
}

// listOf is a list of work.
type listOf struct {
	Matter string
	Lines  []Line
	Names  map[string]string // of departments
	More   bool
}

const listLimit = 200

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	post, matter := desk.Of(ctx).Post, r.PathValue("matter")
	if !slices.Contains(Matters, matter) {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if !mayList(post) {
		return fail.New(fail.Forbidden, "card.forbidden_role")
	}
	found, err := List(ctx, p.desk, matter, reach(post), listLimit+1)
	if err != nil {
		return err
	}
	v := listOf{Matter: matter, Lines: found, Names: map[string]string{}}
	if v.More = len(found) > listLimit; v.More {
		v.Lines = found[:listLimit]
	}
	o, err := p.desk.Directory.Organisation(ctx, post.Organisation)
	if err != nil {
		return err
	}
	for _, l := range v.Lines {
		v.Names[l.Department] = directory.DepartmentName(o, l.Department).Here(ctx)
	}
	return page.Render(w, r, http.StatusOK, listView(v))
}

func matterWord(ctx context.Context, matter string) string {
	return text.T(ctx, "card.monitor.matter."+matter) // text: card.monitor.matter.*
}

// MatterWord names the matter in the reader's language.
func MatterWord(ctx context.Context, matter string) string { return matterWord(ctx, matter) }

// hint says what is counted, with the deadline in force.
func (v ownOf) hint(ctx context.Context, matter string) string {
	codes := map[string]string{LateAdmission: AdmissionHours, LateEntry: EntryHours, NoDiary: DiaryDays, Draft: DraftHours, FormLate: FormDays, Returned: ReturnDays}
	return text.T(ctx, "card.monitor.hint."+matter, "Count", v.Deadlines[codes[matter]]) // text: card.monitor.hint.*
}

func listHref(matter string) string { return "/monitor/" + matter }

// tone of a count: what waits now is worse than what was late.
func tone(matter string, n int) string {
	switch {
	case n == 0:
		return "done"
	case matter == NoDiary || matter == Returned:
		return "danger"
	}
	return "attention"
}

// barWidth is the share drawn, out of 100.
func barWidth(part, whole int) string { return strconv.Itoa(Share(part, whole)) }

func outOf(n, of int) string { return fmt.Sprintf("%d / %d", n, of) }

// Columns are the heads of a table of figures by department.
func Columns(ctx context.Context, first string) []design.Column {
	columns := []design.Column{{Label: first}, {Label: text.T(ctx, "card.monitor.lying"), Numeric: true}}
	for _, m := range Matters {
		columns = append(columns, design.Column{Label: text.T(ctx, "card.monitor.short."+m), Numeric: true}) // text: card.monitor.short.*
	}
	return columns
}
