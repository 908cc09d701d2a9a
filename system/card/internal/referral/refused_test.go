package referral

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

func (w world) waiting(ctx context.Context) (n Waiting) {
	w.t.Helper()
	if err := w.desk.DB.Ask(ctx, Counting(ctx, w.desk, &n)); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// asked is what a page says to whoever acts in the context.
func (w world) asked(ctx context.Context, pattern, path string, h func(http.ResponseWriter, *http.Request) error) (int, string) {
	w.t.Helper()
	mux, answer := http.NewServeMux(), httptest.NewRecorder()
	w.desk.Site.ErrorPage, w.desk.Site.TitleKey = design.ErrorPage, "card.title"
	w.desk.Site.Handle(mux, pattern, h)
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody).WithContext(ctx))
	return answer.Code, html.UnescapeString(answer.Body.String())
}

// MC-2: whose referral is refused is told of it on every page, until the patient is
// referred elsewhere; the new one is begun with what the refused one said.
func TestTheSenderIsToldOfARefusalAndSendsElsewhere(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		sender := w.sender()
		r := w.send(w.writing())
		if n := w.waiting(w.receiver()); n != (Waiting{Received: 1}) {
			t.Errorf("the receiver is told %+v", n)
		}
		if n := w.waiting(sender); n.All() != 0 {
			t.Errorf("before any answer the sender is told %+v", n)
		}
		write := func(rw http.ResponseWriter, q *http.Request) error { return newPage(rw, q, w.desk) }
		show := func(rw http.ResponseWriter, q *http.Request) error { return referralPage(rw, q, w.desk) }
		anew := "/patients/" + w.patient.ID + "/referrals/new?after=" + r.ID
		if _, said := w.asked(sender, "GET /referrals/{id}", "/referrals/"+r.ID, show); strings.Contains(said, anew) {
			t.Error("an open referral is to be sent elsewhere")
		}
		err := Refuse(w.receiver(), w.desk, Acting{r.ID, 1}, "Нет мест")
		if err != nil {
			t.Fatal(err)
		}
		if n := w.waiting(sender); n != (Waiting{Refused: 1}) {
			t.Errorf("of a refusal the sender is told %+v", n)
		}
		for who, ctx := range map[string]context.Context{"receiver": w.receiver(), "third": w.thirdDoctor()} {
			if n := w.waiting(ctx); n.All() != 0 {
				t.Errorf("%s is told %+v", who, n)
			}
		}
		if _, said := w.asked(sender, "GET /referrals/{id}", "/referrals/"+r.ID, show); !strings.Contains(said, anew) {
			t.Error("the sender finds no way on")
		}
		if _, said := w.asked(w.receiver(), "GET /referrals/{id}", "/referrals/"+r.ID, show); strings.Contains(said, anew) {
			t.Error("the receiver sends elsewhere what it has refused")
		}
		status, said := w.asked(sender, "GET /patients/{id}/referrals/new", anew, write)
		for _, kept := range []string{"J18.9", r.Reason, r.History} {
			if status != http.StatusOK || !strings.Contains(said, kept) {
				t.Errorf("%d: the new referral does not begin with %q", status, kept)
			}
		}
		if status, _ := w.asked(w.thirdDoctor(), "GET /patients/{id}/referrals/new", anew, write); status != http.StatusNotFound {
			t.Error("a stranger begins with it:", status)
		}
		if status, _ := w.asked(w.receiver(), "GET /patients/{id}/referrals/new", anew, write); status != http.StatusConflict {
			t.Error("the receiver begins with it:", status)
		}

		w.clock.Advance(time.Minute)
		in := w.writing()
		in.Once, in.Organisation = id.New(), third
		w.send(in)
		if n := w.waiting(sender); n.All() != 0 {
			t.Errorf("after another referral the sender is told %+v", n)
		}
		// What nobody mended in a month is no news.
		w.clock.Advance(time.Minute)
		in.Once, in.Organisation = id.New(), second
		late := w.send(in)
		if err := Refuse(w.receiver(), w.desk, Acting{late.ID, 1}, "Нет мест"); err != nil {
			t.Fatal(err)
		}
		before := w.waiting(sender).Refused
		w.clock.Advance(refusedLately + time.Minute)
		if after := w.waiting(sender).Refused; before != 1 || after != 0 {
			t.Errorf("told %d, a month later %d", before, after)
		}
		if _, err := Open(w.thirdDoctor(), w.desk, r.ID); !fail.Is(err, fail.NotFound) {
			t.Error("opened by a stranger:", err)
		}
	})
}
