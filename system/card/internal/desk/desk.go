// Package desk is where a member of staff sits: it signs people in through ЕСИ,
// knows the post they hold by НИСУР, and lets each page be opened only by the
// roles it is for. Every subject of the card mounts its pages through it.
package desk

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Desk is what every subject of the card works with.
type Desk struct {
	DB       *db.DB
	Clock    clock.Clock
	Log      *slog.Logger
	Queue    *job.Queue
	Exchange *exchangeapi.Client
	// Directory is the card's copy of НИСУР: departments, beds, names.
	Directory *directory.Directory
	// ICD is the classification of diseases: search, and what a combobox meant.
	ICD *icd.Book
	// Procedures is the table of operations.
	Procedures *procedure.Book
	Site       *page.Site
	SignIn     *signin.Client
	Sessions   *session.Store
	Mux        *http.ServeMux
	BaseURL    string // public address of the card, for those who come back from ЕСИ
	// Away says, at a node without a line, whether posts that НИСУР confirmed then
	// are still believed; nil elsewhere.
	Away func(confirmed time.Time) bool

	looks looks
}

// Staff is who is signed in, in the post they act in.
type Staff struct {
	PIN   string
	Name  string
	Post  workforceapi.Post   // the one chosen
	Posts []workforceapi.Post // all that the person holds in hospitals
}

type staffKey struct{}

// Of is the member of staff of the request; the zero Staff outside a page.
func Of(ctx context.Context) Staff {
	s, _ := ctx.Value(staffKey{}).(Staff)
	return s
}

// Is says that the reader's post has one of the roles: a link to a page that is
// for them alone is shown to nobody else.
func Is(ctx context.Context, roles []workforceapi.Role) bool {
	return slices.Contains(roles, Of(ctx).Post.Role)
}

// With is for tests of use cases.
func With(ctx context.Context, s Staff) context.Context {
	return context.WithValue(ctx, staffKey{}, s)
}

// Roles that pages are for.
var (
	Doctors = []workforceapi.Role{workforceapi.Doctor, workforceapi.Head}
	Ward    = []workforceapi.Role{workforceapi.Doctor, workforceapi.Head, workforceapi.Nurse}
	// Records are who reads by programs (FHIR), where no reason is asked for.
	Records   = []workforceapi.Role{workforceapi.Doctor, workforceapi.Head, workforceapi.Nurse, workforceapi.Statistician}
	Everybody = append(slices.Clone(Records), workforceapi.Chief)
	// Figures are management too, which sees numbers and nobody's name.
	Figures = append(slices.Clone(Everybody), workforceapi.Manager)
	// Anybody is ЦЭЗ too, which oversees the roll-out and sees no patient.
	Anybody = append(slices.Clone(Figures), workforceapi.Operator)
)

// Page mounts a page for the roles. pattern is that of http.ServeMux.
func (d *Desk) Page(pattern string, roles []workforceapi.Role, h page.Handler) {
	d.signedIn(pattern, func(w http.ResponseWriter, r *http.Request) error {
		staff := Of(r.Context())
		if staff.Post.ID == "" && page.Reads(r) {
			return toPost(w, r)
		}
		if !slices.Contains(roles, staff.Post.Role) {
			return fail.New(fail.Forbidden, "card.forbidden_role")
		}
		if needsReason(staff, pattern) {
			given, err := d.reasoned(r.Context(), r.PathValue("id"))
			if err != nil {
				return err
			}
			if !given {
				return page.Redirect(w, r, reasonFor(r))
			}
		}
		return h(w, r)
	})
}

// signedIn mounts a page for everybody who holds a post, before one is chosen.
func (d *Desk) signedIn(pattern string, h page.Handler) {
	d.Mux.Handle(pattern, d.seated(d.Site.Wrap(d.SignIn.Require(func(w http.ResponseWriter, r *http.Request) error {
		if Of(r.Context()).PIN == "" {
			return fail.New(fail.SignedOut, "kit.session_ended")
		}
		return h(w, r)
	}))))
}

// Seen records that the member of staff looked at or changed a person's data.
// action and purpose are codes of this system: "stay.read", "treatment".
func (d *Desk) Seen(ctx context.Context, q db.Querier, patientPIN, action, object string) error {
	return audit.Add(ctx, q, d.Clock, access(ctx, patientPIN, action, object))
}

// Seeing is Seen as a write that goes with others (db.Send).
func (d *Desk) Seeing(ctx context.Context, patientPIN, action, object string) db.Question {
	return audit.Adding(d.Clock, access(ctx, patientPIN, action, object))
}

func access(ctx context.Context, patientPIN, action, object string) audit.Record {
	staff := Of(ctx)
	purpose := "treatment"
	if staff.Post.Role == workforceapi.Chief {
		purpose = Oversight
	}
	return audit.Record{
		Subject: patientPIN, ActorPIN: staff.PIN, ActorName: staff.Name, ActorRole: staff.Post.Title.RU,
		Organisation: staff.Post.OrganisationName.RU, Via: "card", Action: action, Purpose: purpose, Object: object,
	}
}

// PostTitle is the post as a layout shows it.
func PostTitle(ctx context.Context, p workforceapi.Post) string {
	title := p.Title.Here(ctx)
	if department := p.DepartmentName.Here(ctx); department != "" {
		title += ", " + department
	}
	return title
}
