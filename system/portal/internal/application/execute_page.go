package application

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// atMost bounds the executor's list.
const atMost = 100

func (d *Desk) mountExecute() {
	d.Page("GET /desk", d.byExecutor(d.deskPage))
	d.Page("GET /desk/{id}", d.byExecutor(d.openPage))
	d.Page("POST /desk/{id}", d.byExecutor(d.answerPage))
	d.Page("GET /desk/{id}/application.pdf", d.byExecutor(d.deskPaper))
}

type executorHandler func(w http.ResponseWriter, r *http.Request, p cabinet.Person, post workforceapi.Post) error

// byExecutor makes a page for executors alone; НИСУР is asked each time, so that
// who leaves the post is out the same minute.
func (d *Desk) byExecutor(h executorHandler) cabinet.Handler {
	return func(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
		post, err := d.executor(r.Context(), p)
		if err != nil {
			return err
		}
		return h(w, r, p, post)
	}
}

func (d *Desk) deskPage(w http.ResponseWriter, r *http.Request, _ cabinet.Person, _ workforceapi.Post) error {
	all, err := signed(r.Context(), d.DB.Read, atMost)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, deskView(all))
}

// executeView is an application before the executor.
type executeView struct {
	Application Application
	Service     catalogue.Service
	Signing     Signing
	Check       Check
	Form        *page.Form
}

func (d *Desk) openPage(w http.ResponseWriter, r *http.Request, p cabinet.Person, post workforceapi.Post) error {
	a, s, err := d.opened(r, p, post)
	if err != nil {
		return err
	}
	return d.render(w, r, http.StatusOK, a, s, page.NewForm())
}

// opened is the application of the path; that it was looked at is recorded.
func (d *Desk) opened(r *http.Request, p cabinet.Person, post workforceapi.Post) (Application, Signing, error) {
	applicationID, err := cabinet.ID(r)
	if err != nil {
		return Application{}, Signing{}, err
	}
	a, s, err := d.forExecutor(r.Context(), applicationID)
	if err != nil {
		return a, s, err
	}
	return a, s, d.DB.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error { return d.seenBy(ctx, tx, p, post, a, "execute-open") })
}

func (d *Desk) render(w http.ResponseWriter, r *http.Request, status int, a Application, s Signing, form *page.Form) error {
	v := executeView{Application: a, Signing: s, Check: d.check(r.Context(), s), Form: form}
	v.Service, _ = catalogue.Find(a.Service)
	return page.Render(w, r, status, executePage(v))
}

func (d *Desk) answerPage(w http.ResponseWriter, r *http.Request, p cabinet.Person, post workforceapi.Post) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	applicationID, err := cabinet.ID(r)
	if err != nil {
		return err
	}
	a, s, err := d.forExecutor(r.Context(), applicationID)
	if err != nil {
		return err
	}
	answer := Resolution{Note: form.Need("note", maxWords), Done: form.Choice("answer", "done", "refused") == "done"}
	if form.OK() {
		err := d.execute(r.Context(), p, post, a, s, answer)
		if err == nil {
			page.Notice(w, "portal.execute.answered")
			return page.Redirect(w, r, "/desk")
		}
		if !form.Take(err) {
			return err
		}
	}
	return d.render(w, r, http.StatusUnprocessableEntity, a, s, form)
}

func (d *Desk) deskPaper(w http.ResponseWriter, r *http.Request, p cabinet.Person, post workforceapi.Post) error {
	a, s, err := d.opened(r, p, post)
	if err != nil {
		return err
	}
	return page.ShowPDF(w, a.Number+".pdf", s.Document)
}

// waiting are the applications as the executor's list shows them.
func waiting(ctx context.Context, all []Application) []design.Task {
	items := make([]design.Task, 0, len(all))
	for _, a := range all {
		s, _ := catalogue.Find(a.Service)
		items = append(items, design.Task{
			Title: s.Title.Here(ctx), Hint: a.Number + " · " + a.Applicant + " · " + text.Moment(a.Created), Href: "/desk/" + a.ID,
			Status: text.T(ctx, "portal.execute.signed"), Tone: "info",
		})
	}
	return items
}
