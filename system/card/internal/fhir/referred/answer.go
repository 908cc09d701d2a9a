package referred

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Mount lets apps of doctors answer referrals and take them back, by the use cases
// of the card's pages.
func Mount(a *fhir.API, d *desk.Desk) { a.Updating("Task", answerer{d, a}.answer) }

type answerer struct {
	desk *desk.Desk
	api  *fhir.API
}

// asked is a Task as an app sends it.
type asked struct {
	Task
	Note []datatype.Annotation `json:"note"`
}

// changing are the members by which an app says what it wants done.
var changing = []string{"status", "statusReason", "businessStatus", "restriction", "note", "output", "meta", "text", "lastModified"}

const mostWords = 500 // of a reason, as on the page

// answer does what the sent Task asks for: accepted (for the hour in restriction),
// rejected (or sent on), on-hold (who did not come), completed (with a conclusion) by the
// organisation that was asked; cancelled by the one that asked.
func (v answerer) answer(ctx context.Context, c fhir.Caller, now fhir.Item, sent []byte) error {
	var was, want asked
	if err := json.Unmarshal(now.JSON(), &was); err != nil {
		return err
	}
	if err := json.Unmarshal(sent, &want); err != nil {
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	redirected := want.Status == "rejected" && want.state() == referral.Redirected && was.state() != referral.Redirected
	may := changing
	if redirected { // to whom
		may = append(slices.Clone(changing), "owner", "location")
	}
	if err := untouched(now.JSON(), sent, may); err != nil {
		return err
	}
	organisation, refusal := was.Owner, "card.referral.not_asked"
	if want.Status == "cancelled" {
		organisation, refusal = was.Requester, "card.referral.not_yours"
	}
	staff, ok := c.At(strings.TrimPrefix(organisation.Reference, "Organization/"))
	if !ok {
		return fail.New(fail.Forbidden, refusal)
	}
	ctx = desk.With(ctx, staff)
	in := referral.Acting{Referral: now.ID(), Seen: len(was.RelevantHistory)} // one a step
	reason, err := want.words()
	if err != nil {
		return err
	}
	switch want.Status {
	case "accepted":
		at, err := want.hour()
		if err != nil {
			return err
		}
		return placed(referral.Accept(ctx, v.desk, in, at, reason))
	case "rejected":
		if redirected {
			return v.redirect(ctx, in, was, want, reason)
		}
		if code := want.state(); code != "" && code != referral.Refused && code != was.state() {
			return fail.Fields(fail.Finding{Field: "Task.businessStatus", Key: "card.fhir.task_state"})
		}
		return placed(referral.Refuse(ctx, v.desk, in, reason))
	case "on-hold":
		return placed(referral.NotComing(ctx, v.desk, in, reason))
	case "completed":
		conclusion, err := bounded("Task.output", want.conclusion(), writing.MaxBody)
		if err != nil {
			return err
		}
		return placed(referral.Conclude(ctx, v.desk, in, conclusion))
	case "cancelled":
		return placed(referral.Withdraw(ctx, v.desk, in, reason))
	}
	return fail.Fields(fail.Finding{Field: "Task.status", Key: "card.fhir.task_status"})
}

// redirect sends the referral on to the organisation and the department that the
// Task names in place of those that were asked.
func (v answerer) redirect(ctx context.Context, in referral.Acting, was, want asked, reason string) error {
	if want.Owner == nil || want.Owner.Reference == was.Owner.Reference {
		return fail.Fields(fail.Finding{Field: "Task.owner", Key: "card.fhir.task_redirect"})
	}
	code, _ := strings.CutPrefix(want.Owner.Reference, "Organization/")
	all, err := v.api.Organisations(ctx, v.desk.DB.Read, []string{code})
	if err != nil {
		return err
	}
	for _, o := range all {
		for _, department := range o.Departments {
			if want.Location == nil || v.api.Ward(code, department.Code).Reference != want.Location.Reference {
				continue
			}
			_, err := referral.Redirect(ctx, v.desk, in, id.New(), code, department.Code, reason)
			return placed(err)
		}
	}
	return fail.Fields(fail.Finding{Field: "Task.location", Key: "card.fhir.task_redirect"})
}

// untouched refuses a Task in which anything else was changed: it would be lost.
func untouched(now, sent []byte, changing []string) error {
	var was, want map[string]any
	if err := json.Unmarshal(now, &was); err != nil {
		return err
	}
	if err := json.Unmarshal(sent, &want); err != nil {
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	var findings []fail.Finding
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !slices.Contains(changing, name) && !reflect.DeepEqual(was[name], want[name]) {
			findings = append(findings, fail.Finding{Field: "Task." + name, Key: "card.fhir.task_fixed"})
		}
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	return nil
}

// words are those of the step: why, or what the patient is told.
func (t asked) words() (string, error) {
	var words []string
	if t.StatusReason != nil && t.Status != "accepted" {
		words = append(words, t.StatusReason.Text)
	}
	for _, n := range t.Note {
		words = append(words, n.Text)
	}
	return bounded("Task.statusReason.text", strings.Join(words, "\n"), mostWords)
}

func bounded(field, words string, most int) (string, error) {
	words = strings.TrimSpace(page.Clean(words))
	if utf8.RuneCountInString(words) > most {
		return "", fail.Fields(fail.Finding{Field: field, Key: "kit.field.too_long", Args: fail.Args("Count", most)})
	}
	return words, nil
}

// hour is when the patient is awaited.
func (t asked) hour() (time.Time, error) {
	written := ""
	if t.Restriction != nil && t.Restriction.Period != nil {
		written = t.Restriction.Period.Start
	}
	at, err := time.Parse(time.RFC3339, written)
	if err != nil {
		return at, fail.Fields(fail.Finding{Field: hourField, Key: "kit.field.moment"})
	}
	return at.UTC().Truncate(time.Second), nil
}

func (t asked) state() string {
	if t.BusinessStatus == nil {
		return ""
	}
	for _, c := range t.BusinessStatus.Coding {
		if c.System == codeState {
			return c.Code
		}
	}
	return ""
}

func (t asked) conclusion() string {
	for _, o := range t.Output {
		if o.Type != nil && slices.ContainsFunc(o.Type.Coding, func(c datatype.Coding) bool { return c.System == codeOutput && c.Code == "conclusion" }) {
			return o.ValueString
		}
	}
	return ""
}

const hourField = "Task.restriction.period.start"

// placed names the elements of the Task in place of the fields of the page.
func placed(err error) error {
	e := fail.As(err)
	if e == nil || len(e.Findings) == 0 {
		return err
	}
	told := slices.Clone(e.Findings)
	for i, f := range told {
		switch {
		case f.Field == "at":
			told[i].Field = hourField
		case f.Field == "conclusion":
			told[i].Field = "Task.output"
		case f.Field == "to":
			told[i].Field = "Task.owner"
		case strings.HasPrefix(f.Field, "note_"):
			told[i].Field = "Task.statusReason.text"
		}
	}
	return fail.Fields(told...)
}
