package workforceapi

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
)

// NR-2
func TestAStandingIsAskedAboutAgain(t *testing.T) {
	began := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	var never time.Time
	s := Stands(began)
	if s.Due(began.Add(29*time.Second), never) {
		t.Error("asked too often")
	}
	silent := func(context.Context) error { return errors.New("away") }
	at := began.Add(30 * time.Second)
	if !s.Due(at, never) {
		t.Fatal("not asked")
	}
	if away, err := s.Renew(t.Context(), at, never, silent); away == nil || err != nil {
		t.Errorf("away %v, %v", away, err)
	}
	if s.Due(at.Add(14*time.Second), never) || !s.Due(at.Add(15*time.Second), never) {
		t.Error("who is away is asked at every page, or never again")
	}
	if _, err := s.Renew(t.Context(), began.Add(4*time.Hour+time.Minute), never, silent); err == nil {
		t.Error("nothing heard for hours, and the work goes on")
	}
	denied := func(context.Context) error { return fail.New(fail.Forbidden, "card.no_post") }
	if _, err := s.Renew(t.Context(), at, never, denied); !fail.Is(err, fail.Forbidden) {
		t.Errorf("left, and the work goes on: %v", err)
	}
	shut := func(context.Context) error { return fail.New(fail.Forbidden, "kit.exchange_denied") }
	if away, err := s.Renew(t.Context(), at, never, shut); away == nil || err != nil {
		t.Errorf("a right that is missing put a person out: %v, %v", away, err)
	}
	slow := func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a page waits without end")
		}
		return nil
	}
	if away, err := s.Renew(t.Context(), at, never, slow); away != nil || err != nil || !s.Checked.Equal(at) {
		t.Errorf("%v, %v, %+v", away, err, s)
	}
}

// NR-2: what was heard before НИСУР told of a change holds no more, at once and
// until there is an answer; an answer that was on its way then does not count.
func TestATellingIsHeededAtOnce(t *testing.T) {
	began := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	s := Stands(began)
	told := began.Add(5 * time.Second)
	at := began.Add(6 * time.Second)
	if !s.Due(at, told) || !s.Due(began, began) {
		t.Fatal("told, and not asked")
	}
	silent := func(context.Context) error { return errors.New("away") }
	if _, err := s.Renew(t.Context(), at, told, silent); err == nil {
		t.Error("the posts changed, nobody says how, and the work goes on")
	}
	if !s.Due(at.Add(time.Second), told) {
		t.Error("not asked again at once")
	}
	kept := func(context.Context) error { return nil }
	if away, err := s.Renew(t.Context(), told.Add(-time.Second), told, kept); away != nil || err != nil || !s.Due(at, told) {
		t.Errorf("an answer to a question from before the change counts: %v, %v", away, err)
	}
	if _, err := s.Renew(t.Context(), at, told, kept); err != nil || s.Due(at.Add(29*time.Second), told) {
		t.Errorf("still due after an answer: %v", err)
	}
}

func TestPostsEndAtMidnightOfThemselves(t *testing.T) {
	day := clock.Date{Year: 2026, Month: 11, Day: 23}
	posts := []Post{{ID: "open"}, {ID: "today", Until: day}, {ID: "tomorrow", Until: clock.Date{Year: 2026, Month: 11, Day: 24}}}
	got := Lasting(posts, day)
	if len(got) != 2 || got[0].ID != "open" || got[1].ID != "tomorrow" || posts[1].ID != "today" {
		t.Errorf("%+v of %+v", got, posts)
	}
}
