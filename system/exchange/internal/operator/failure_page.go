package operator

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
)

func (d *Desk) failures(w http.ResponseWriter, r *http.Request) error {
	jobs, away := d.Failures(r.Context())
	return page.Render(w, r, http.StatusOK, failuresPage(jobs, away))
}

type jobData struct {
	Troubled
	related []record.Record
}

func (v jobData) address() string {
	return "/jobs/" + v.System + "/" + url.PathEscape(v.ID)
}

// waits says that the job may be made due now.
func (v jobData) waits() bool { return v.State == job.Failed || v.State == job.Ready }

func (d *Desk) job(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("system")
	s, err := subsystem(name)
	if err != nil {
		return err
	}
	found, err := d.client().Job(r.Context(), s, r.PathValue("id"))
	if err != nil {
		return err
	}
	data := jobData{Troubled: Troubled{name, found}}
	if data.related, err = d.related(r.Context(), s, found); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, jobPage(data))
}

// related are the messages that the job sent: by its own id, by that of what it
// is about, and else the failed ones of its system while it was being tried.
func (d *Desk) related(ctx context.Context, s exchangeapi.Subsystem, j exchangeapi.JobView) ([]record.Record, error) {
	const limit = 20
	for _, key := range []string{j.ID, j.Subject} {
		if key == "" {
			continue
		}
		found, err := d.Log.Search(ctx, record.Filter{Client: s.String(), ID: key, Limit: limit})
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	f := record.Filter{Client: s.String(), Failed: true, From: j.CreatedAt.Add(-time.Second), Limit: limit}
	if !j.Finished.IsZero() {
		f.Until = j.Finished.Add(time.Second)
	}
	return d.Log.Search(ctx, f)
}

func (d *Desk) retry(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("system")
	s, err := subsystem(name)
	if err != nil {
		return err
	}
	user := page.Of(r.Context()).User
	if user == nil {
		return fail.New(fail.SignedOut, "kit.session_ended")
	}
	jobID := r.PathValue("id")
	if err := d.client().RetryJob(r.Context(), s, jobID, user.PIN); err != nil {
		if !fail.Is(err, fail.Conflict) {
			return err
		}
		page.Notice(w, "exchange.not_waiting") // somebody was quicker, or it is being done
	} else {
		page.Notice(w, "exchange.retried")
		d.Slog.InfoContext(r.Context(), "job made due by the operator", "system", name, "job", jobID)
	}
	return page.Redirect(w, r, "/jobs/"+name+"/"+url.PathEscape(jobID))
}
