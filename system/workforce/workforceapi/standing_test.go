package workforceapi

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
)

// NR-2
func TestAStandingIsAskedAboutAgain(t *testing.T) {
	began := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	s := Stands(began)
	if s.Due(began.Add(59 * time.Second)) {
		t.Error("asked too often")
	}
	silent := func(context.Context) error { return errors.New("away") }
	at := began.Add(time.Minute)
	if !s.Due(at) {
		t.Fatal("not asked")
	}
	if away, err := s.Renew(t.Context(), at, silent); away == nil || err != nil {
		t.Errorf("away %v, %v", away, err)
	}
	if s.Due(at.Add(14*time.Second)) || !s.Due(at.Add(15*time.Second)) {
		t.Error("who is away is asked at every page, or never again")
	}
	if _, err := s.Renew(t.Context(), began.Add(4*time.Hour+time.Minute), silent); err == nil {
		t.Error("nothing heard for hours, and the work goes on")
	}
	denied := func(context.Context) error { return fail.New(fail.Forbidden, "card.no_post") }
	if _, err := s.Renew(t.Context(), at, denied); !fail.Is(err, fail.Forbidden) {
		t.Errorf("left, and the work goes on: %v", err)
	}
	shut := func(context.Context) error { return fail.New(fail.Forbidden, "kit.exchange_denied") }
	if away, err := s.Renew(t.Context(), at, shut); away == nil || err != nil {
		t.Errorf("a right that is missing put a person out: %v, %v", away, err)
	}
	slow := func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a page waits without end")
		}
		return nil
	}
	if away, err := s.Renew(t.Context(), at, slow); away != nil || err != nil || !s.Checked.Equal(at) {
		t.Errorf("%v, %v, %+v", away, err, s)
	}
}
