// Package exchangecard shows a woman her own exchange card 113/у: what her
// antenatal clinic writes of the pregnancy, the code that she shows at the
// maternity hospital, who opened the card, what the hospital returned, and the
// form on paper (MC-3). Nothing of it is kept here: the card is asked each time,
// and records that she was answered.
package exchangecard

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
)

// patience is how long the card may take to answer.
const patience = 10 * time.Second

// Desk asks the card.
type Desk struct {
	*cabinet.Cabinet
	Cards cardapi.OwnCards
}

// Mount puts the pages into the portal. The address names no pregnancy: it
// stands in messages and histories of browsers.
func (d *Desk) Mount() {
	d.Page("GET /my/card", d.show)
	d.Page("GET /my/card/{id}/pdf", d.pdf)
}

// view is the page: a card, and her other ones.
type view struct {
	Card   *cardapi.OwnCard // nil: she has none
	Others []cardapi.OwnCard
	Away   bool // the card did not answer
}

func (d *Desk) show(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	all, err := d.Cards.OwnCards(ctx, p.PIN)
	if err != nil {
		d.Log.InfoContext(ctx, "the card did not answer for an exchange card", "system", "portal", "error", err.Error())
		return page.Render(w, r, http.StatusServiceUnavailable, cardPage(view{Away: true}))
	}
	// Whatever a neighbour says, only the person's own is shown.
	all = slices.DeleteFunc(all, func(c cardapi.OwnCard) bool { return c.Card.Mother.PIN != p.PIN })
	var v view
	wanted := r.URL.Query().Get("card")
	for i := range all {
		if v.Card == nil && (wanted == "" || all[i].Card.Pregnancy == wanted) {
			v.Card = &all[i]
			continue
		}
		v.Others = append(v.Others, all[i])
	}
	if wanted != "" && v.Card == nil {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return page.Render(w, r, http.StatusOK, cardPage(v))
}

func (d *Desk) pdf(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	pregnancy, err := cabinet.ID(r)
	if err != nil {
		return err
	}
	lang := text.Lang(r.URL.Query().Get("form"))
	if lang != text.KY && lang != text.RU {
		lang = text.KY
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	paper, err := d.Cards.OwnCardPaper(ctx, cardapi.CardPaperQuery{PIN: p.PIN, Pregnancy: pregnancy, Lang: lang})
	if err != nil {
		return err
	}
	return page.ShowPDF(w, "113-"+string(lang)+".pdf", paper.PDF)
}

// qr is the code as a picture within the page; "" when it cannot be drawn.
func qr(address string) string {
	data, err := document.QRPNG(address, 4)
	if err != nil {
		return ""
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(data)
}

// grouped is a code in fours, as people read it out.
func grouped(code string) string {
	var parts []string
	for part := range slices.Chunk([]byte(code), 4) {
		parts = append(parts, string(part))
	}
	return text.Joined(parts...)
}

// age is a gestational age: «33 недели 2 дня».
func age(ctx context.Context, days int) string {
	weeks := text.T(ctx, "portal.exchange_card.weeks", "Count", days/7)
	if days%7 == 0 {
		return weeks
	}
	return weeks + " " + text.T(ctx, "portal.exchange_card.days", "Count", days%7)
}

// decimal is a number kept in tenths, "" for what was not measured.
func decimal(tenths int) string {
	if tenths == 0 {
		return ""
	}
	return strings.ReplaceAll(strconv.FormatFloat(float64(tenths)/10, 'f', -1, 64), ".", ",")
}

// rows are what the card says of the pregnancy in short.
func rows(ctx context.Context, c cardapi.OwnCard) []design.Row {
	in := c.Card.Registration
	all := []design.Row{{Key: text.T(ctx, "portal.exchange_card.term"), Value: age(ctx, c.Days)}}
	if c.Outcome == "" {
		all = append(all, design.Row{Key: text.T(ctx, "portal.exchange_card.expected"), Value: text.Date(c.Card.Expected)},
			design.Row{Key: text.T(ctx, "portal.exchange_card.next"), Value: text.Date(c.NextVisit)})
	} else {
		all = append(all, design.Row{Key: text.T(ctx, "portal.exchange_card.ended"), Value: text.Joined(outcome(ctx, c.Outcome)+",", text.Date(c.EndedOn))})
	}
	all = append(all, design.Row{Key: text.T(ctx, "portal.exchange_card.clinic"), Value: c.Card.ClinicName.Here(ctx)},
		design.Row{Key: text.T(ctx, "portal.exchange_card.number"), Value: c.Card.Number})
	if in.Blood != "" {
		all = append(all, design.Row{Key: text.T(ctx, "portal.exchange_card.blood"), Value: blood(in)})
	}
	if in.Allergies != "" {
		all = append(all, design.Row{Key: text.T(ctx, "portal.exchange_card.allergies"), Value: in.Allergies})
	}
	return all
}

// blood is the group as it is written everywhere: «A (II) Rh+».
func blood(in cardapi.Registration) string {
	group := map[string]string{"0": "0 (I)", "A": "A (II)", "B": "B (III)", "AB": "AB (IV)"}[in.Blood]
	return text.Joined(group, map[string]string{"positive": "Rh+", "negative": "Rh−"}[in.Rhesus])
}

func outcome(ctx context.Context, code string) string {
	return text.T(ctx, "portal.exchange_card.outcome."+code) // text: portal.exchange_card.outcome.*
}

// visits are those to the clinic, the newest first.
func visits(ctx context.Context, c cardapi.OwnCard) []design.Event {
	var all []design.Event
	for _, v := range slices.Backward(c.Card.Visits) {
		said := []string{}
		if v.Complaints != "" {
			said = append(said, text.T(ctx, "portal.exchange_card.complaints", "What", v.Complaints))
		}
		if v.Advice != "" {
			said = append(said, text.T(ctx, "portal.exchange_card.advice", "What", v.Advice))
		}
		all = append(all, design.Event{
			When: text.Date(v.Day) + " · " + age(ctx, max(0, c.Card.DatedFrom.DaysUntil(v.Day))), Title: measured(ctx, v.Visit),
			Text: strings.Join(said, "\n"), By: v.By,
		})
	}
	return all
}

// measured is what was found on a visit, in words.
func measured(ctx context.Context, v cardapi.Visit) string {
	var said []string
	add := func(key, value string) {
		if value != "" {
			said = append(said, text.T(ctx, key, "Value", value))
		}
	}
	add("portal.exchange_card.weight", decimal(v.Weight))
	if v.Systolic != 0 {
		add("portal.exchange_card.pressure", strconv.Itoa(v.Systolic)+"/"+strconv.Itoa(v.Diastolic))
	}
	if v.HeartRate != 0 {
		add("portal.exchange_card.heart", strconv.Itoa(v.HeartRate))
	}
	if v.Presentation != "" {
		said = append(said, text.T(ctx, "portal.exchange_card.lies."+v.Presentation)) // text: portal.exchange_card.lies.*
	}
	if v.Oedema != "" {
		said = append(said, text.T(ctx, "portal.exchange_card.oedema."+v.Oedema)) // text: portal.exchange_card.oedema.*
	}
	if len(said) == 0 {
		return text.T(ctx, "portal.exchange_card.visit")
	}
	return strings.Join(said, "; ")
}

// results are those of the laboratory, the newest first.
func results(ctx context.Context, c cardapi.OwnCard) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "portal.exchange_card.results"), Columns: []design.Column{
		{Label: text.T(ctx, "portal.exchange_card.day")}, {Label: text.T(ctx, "portal.exchange_card.test")}, {Label: text.T(ctx, "portal.exchange_card.result")},
	}}
	for _, one := range slices.Backward(c.Card.Results) {
		value := one.Value
		if slices.Contains([]string{"negative", "positive", "trace"}, value) {
			value = text.T(ctx, "portal.exchange_card.value."+value) // text: portal.exchange_card.value.*
		}
		if one.Note != "" {
			value += " (" + one.Note + ")"
		}
		kind := text.T(ctx, "portal.exchange_card.kind."+one.Kind) // text: portal.exchange_card.kind.*
		t.Rows = append(t.Rows, []design.Cell{{Text: text.Date(one.Day)}, {Text: kind}, {Text: value}})
	}
	return t
}

// opened is who opened the card.
func opened(ctx context.Context, c cardapi.OwnCard) []design.Event {
	var all []design.Event
	for _, o := range c.Opened {
		all = append(all, design.Event{
			When: text.Moment(o.At), Title: o.Organisation.Here(ctx),
			Text: text.T(ctx, "portal.exchange_card.basis."+o.Basis), // text: portal.exchange_card.basis.*
			By:   o.Name,
		})
	}
	return all
}

// returned is what the hospital wrote of her and of each child.
func returned(ctx context.Context, t cardapi.TearOff) []design.Row {
	all := []design.Row{{Key: text.T(ctx, "portal.exchange_card.hospital"), Value: t.FromName.Here(ctx)}}
	add := func(key, value string) {
		if value != "" {
			all = append(all, design.Row{Key: text.T(ctx, key), Value: value})
		}
	}
	if !t.Birth.EndedAt.IsZero() {
		add("portal.exchange_card.when", text.Moment(t.Birth.EndedAt))
	}
	if t.Birth.Mode != "" {
		add("portal.exchange_card.mode", text.T(ctx, "portal.exchange_card.mode."+t.Birth.Mode)) // text: portal.exchange_card.mode.*
	}
	for _, n := range t.Newborns {
		add("portal.exchange_card.child", child(ctx, n))
	}
	add("portal.exchange_card.complications", t.Birth.Complications)
	add("portal.exchange_card.operations", t.Birth.Operations)
	add("portal.exchange_card.for_her", t.Birth.Advice)
	add("portal.exchange_card.doctor", t.Doctor)
	return all
}

func child(ctx context.Context, n cardapi.Newborn) string {
	said := []string{text.T(ctx, "portal.exchange_card.child."+n.Sex), text.Date(clock.DateOf(n.BornAt))} // text: portal.exchange_card.child.*
	if n.WeightG > 0 {
		said = append(said, text.T(ctx, "portal.exchange_card.grams", "Value", n.WeightG))
	}
	if n.LengthCM > 0 {
		said = append(said, text.T(ctx, "portal.exchange_card.cm", "Value", n.LengthCM))
	}
	return strings.Join(said, ", ")
}
