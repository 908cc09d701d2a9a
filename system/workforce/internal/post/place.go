package post

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

// places are where a post may be held: the departments that are open or are to
// open, and the day on which the organisation closes, zero for none.
type places struct {
	today  clock.Date
	closes clock.Date
	spans  []organisation.Span
}

func (g Register) places(ctx context.Context, q db.Querier, code string) (p places, err error) {
	p.today = g.Today()
	if p.closes, err = organisation.ClosesOn(ctx, q, code); err != nil {
		return p, err
	}
	p.spans, err = organisation.Spans(ctx, q, code, p.today)
	return p, err
}

// at is until when a post may be held in the department ("" for the whole
// organisation) that begins on the day, zero without end, and what is wrong with
// the two. A closing that is planned ends the post. Of a post that began earlier
// is asked where it can be held today.
func (p places) at(department string, from clock.Date) (until clock.Date, wrong []fail.Finding) {
	note := func(field, key string, day clock.Date) []fail.Finding {
		return []fail.Finding{{Field: field, Key: key, Args: fail.Args("Day", text.Date(day))}}
	}
	until = p.closes
	if department != "" {
		s, known := p.span(department, from)
		switch {
		case !known:
			return until, []fail.Finding{{Field: "department", Key: "workforce.add.department_needed"}}
		case p.day(from).Before(s.From):
			return until, note("from", "workforce.add.opens_on", s.From)
		case until.IsZero() || (!s.Until.IsZero() && s.Until.Before(until)):
			until = s.Until
		}
	}
	if !until.IsZero() && !p.day(from).Before(until) {
		return until, note("from", "workforce.add.closes_before", until)
	}
	return until, nil
}

// day is that on which a post that begins on the one given can be held first.
func (p places) day(from clock.Date) clock.Date {
	if from.Before(p.today) {
		return p.today
	}
	return from
}

// span is the department that has the code on the day, else the next to have it,
// else the last that had it.
func (p places) span(code string, from clock.Date) (found organisation.Span, known bool) {
	for _, s := range p.spans {
		if s.Code != code {
			continue
		}
		found, known = s, true
		if s.Until.IsZero() || p.day(from).Before(s.Until) {
			break
		}
	}
	return found, known
}

// options are the departments to choose from, each code once; of one that is to
// open its day stands beside it.
func (p places) options(ctx context.Context, without string) []design.Option {
	var options []design.Option
	for _, s := range p.spans {
		if s.Code == without {
			continue
		}
		label := s.Code + " · " + s.Name.Here(ctx)
		if p.today.Before(s.From) {
			label = text.T(ctx, "workforce.add.from_day", "Name", label, "Day", text.Date(s.From))
		}
		if last := len(options) - 1; last >= 0 && options[last].Value == s.Code {
			options[last].Label += " / " + label
			continue
		}
		options = append(options, design.Option{Value: s.Code, Label: label})
	}
	return options
}

// name is that of the department in which a post that begins on the day is held.
func (p places) name(ctx context.Context, code string, from clock.Date) string {
	if s, known := p.span(code, from); known {
		return s.Name.Here(ctx)
	}
	return text.T(ctx, "workforce.add.whole")
}
