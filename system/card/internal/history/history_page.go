package history

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outside"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/template"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// historyOf is the page of the case history.
type historyOf struct {
	Stay      stay.View
	Part      Part
	Wish      Wish
	Form      *page.Form // nil: the reader cannot write
	Wrong     *page.Form // what was sent and found wanting
	Kept      string     // what was typed and has no place any more
	Correct   *Entry     // the entry that is being corrected, nil: a new one
	Draft     *Draft     // that the form was filled from, nil: none
	Templates []template.Template
	Copy      bool // there is an entry of the form's kind to carry forward
	Outside   int  // what other systems wrote about the patient, as far as the reader may see it
	Me        string
}

// may says whether the reader may correct the entry.
func (v historyOf) may(ctx context.Context, e Entry) bool {
	return writing.MayWrite(ctx) && e.Kind != FormCorrection && writing.MayCorrect(desk.Of(ctx), e.author()) == nil
}

func historyPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, query := r.Context(), r.URL.Query()
	view, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "at", page.InputMoment(d.Clock.Now()), "kind", Diary)
	v := historyOf{Stay: view, Wish: wishFrom(ctx, page.QueryForm(r))}
	if v.Wish.Find != "" {
		if v.Wish.Words, err = findWords(ctx, d.DB.Read, v.Wish.Find, view.ID, desk.Of(ctx).PIN); err != nil {
			return err
		}
	}
	root := query.Get("correct")
	if root != "" {
		e, err := FindEntry(ctx, d.DB.Read, view.ID, root)
		if err != nil {
			return err
		}
		form = page.NewForm("once", id.New(), "at", page.InputMoment(e.At), "body", e.Body, "seen", strconv.Itoa(e.Version))
		v.Wish.Root = root
	} else if writing.MayWrite(ctx) && view.State == stay.Open {
		if v.Draft, err = OwnDraft(ctx, d, view.ID); err != nil {
			return err
		}
		if v.Draft != nil {
			form = v.Draft.form()
		}
	}
	form.Set("back", query.Get("back"))
	if kind := query.Get("kind"); root == "" && v.Draft == nil && slices.Contains(Kinds, kind) {
		form.Set("kind", kind)
	}
	return v.render(w, r, d, form, root, http.StatusOK)
}

func (d Draft) form() *page.Form {
	return page.NewForm("once", d.Once, "at", d.At, "kind", d.Kind, "body", d.Body, "copied_from", d.CopiedFrom)
}

// wishFrom reads the filter of the page without its words.
func wishFrom(ctx context.Context, form *page.Form) Wish {
	wish := Wish{Find: form.Text("find", 64), Page: writing.Whole(form.Get("page")), Root: form.Get("entry")}
	if kind := form.Get("show"); kind == FormCorrection || slices.Contains(Kinds, kind) {
		wish.Kind = kind
	}
	if form.Get("by") == "me" {
		wish.PIN = desk.Of(ctx).PIN
	}
	wish.Day, _ = clock.ParseDate(form.Get("day"))
	return wish
}

func (v historyOf) render(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, root string, status int) error {
	ctx := r.Context()
	v.Me = desk.Of(ctx).PIN
	writes := writing.MayWrite(ctx)
	var beside []db.Question
	if writes && v.Stay.State == stay.Open {
		beside = append(beside, template.Offering(ctx, v.Stay.Department, &v.Templates))
	}
	if outside.May(ctx) {
		beside = append(beside, outside.Count(v.Stay.Patient, &v.Outside))
	}
	var err error
	if v.Part, err = Read(ctx, d.DB, v.Stay.ID, v.Wish, beside...); err != nil {
		return err
	}
	for i := range v.Part.Entries {
		if root != "" && v.Part.Entries[i].Root == root && v.may(ctx, v.Part.Entries[i]) {
			v.Correct = &v.Part.Entries[i]
		}
	}
	v.Wrong = form
	if writes && (v.Stay.State == stay.Open || v.Correct != nil) {
		v.Form = form
	} else if writes && !form.OK() { // a colleague discharged the patient meanwhile
		v.Kept = form.Get("body")
	}
	if v.Form != nil && v.Correct == nil {
		v.Copy = v.Part.Kinds[form.Get("kind")] > 0
	}
	return page.Render(w, r, status, historyView(v))
}

func writePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID := r.PathValue("id")
	in := Writing{
		Once: form.Get("once"), Kind: form.Choice("kind", Kinds...), At: form.Moment("at"), Body: form.Need("body", writing.MaxBody),
		CopiedFrom: form.Get("copied_from"),
	}
	if form.OK() {
		err = Write(r.Context(), d, stayID, in)
		if err == nil {
			page.Notice(w, "card.history.signed")
			if form.Get("back") == stay.TabDischarge { // the gap is mended
				return page.Redirect(w, r, "/stays/"+stayID+"/discharge")
			}
			return page.Redirect(w, r, "/stays/"+stayID)
		}
		writing.Renew(form, err)
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form, "")
}

// again shows the page with what was sent and is wrong.
func again(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, root string) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	return historyOf{Stay: view, Wish: Wish{Root: root}}.render(w, r, d, form, root, http.StatusUnprocessableEntity)
}

func correctPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID := r.PathValue("id")
	in := Correcting{
		Once: form.Get("once"), Root: form.Get("root"), Seen: writing.Whole(form.Get("seen")),
		At: form.Moment("at"), Body: form.Need("body", writing.MaxBody), Reason: form.Need("reason", 500),
	}
	if form.OK() {
		err = Correct(r.Context(), d, stayID, in)
		if err == nil {
			page.Notice(w, "card.history.corrected")
			return page.Redirect(w, r, "/stays/"+stayID+"?entry="+url.QueryEscape(in.Root))
		}
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form, in.Root)
}

// KindWord is the kind of an entry in the reader's language.
func KindWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.entry."+kind) // text: card.entry.*
}

func kindOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, kind := range Kinds {
		options = append(options, design.Option{Value: kind, Label: KindWord(ctx, kind)})
	}
	return options
}

func kindTone(kind string) string {
	switch kind {
	case DischargeEpicrisis:
		return "done"
	case StageEpicrisis, Examination, Reasoning:
		return "info"
	case FormCorrection:
		return "attention"
	}
	return "neutral"
}

// address is the page with another part of the wish.
func (v historyOf) address(kind string, number int) string {
	wish := v.Wish
	wish.Kind = kind
	query := wish.query()
	if number > 1 {
		query.Set("page", strconv.Itoa(number))
	}
	path := "/stays/" + v.Stay.ID
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// shown are the kinds of which there are entries, for the filter.
func (v historyOf) shown() []string {
	var kinds []string
	for _, kind := range append(slices.Clone(Kinds), FormCorrection) {
		if v.Part.Kinds[kind] > 0 {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func (v historyOf) dayOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Label: text.T(ctx, "card.history.any_day")}}
	for _, day := range v.Part.Days {
		options = append(options, design.Option{Value: day.String(), Label: text.Date(day)})
	}
	return options
}

func (v historyOf) neighbours() (prev, next string) {
	if v.Part.Page > 1 {
		prev = v.address(v.Wish.Kind, v.Part.Page-1)
	}
	if v.Part.Page < v.Part.Pages {
		next = v.address(v.Wish.Kind, v.Part.Page+1)
	}
	return prev, next
}

// savedMillis is when the draft on the page was saved, for the script that may
// know a newer one in this browser.
func (v historyOf) savedMillis() string {
	if v.Draft == nil {
		return ""
	}
	return strconv.FormatInt(v.Draft.SavedAt.UnixMilli(), 10)
}

// marked is a line of a text and whether it was carried forward.
type marked struct {
	Text   string
	Copied bool
}

func (e Entry) lines() []marked {
	var all []marked
	for l := range writing.Lines(e.Body) {
		all = append(all, marked{l, slices.Contains(e.CopiedLines, len(all))})
	}
	return all
}
