package identity_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// counter is a portal with one document of the patient's.
type counter struct {
	t    *testing.T
	open portalapi.Open
}

func (c counter) Verify(context.Context, portalapi.Query) (portalapi.Verdict, error) {
	return portalapi.Verdict{}, nil
}

func (c counter) asked(ctx context.Context, h portalapi.Holder) bool {
	caller := exchangeapi.CallerOf(ctx)
	if caller.User != h.PIN || caller.Issue != "own-data" || caller.Client != exchangeapi.Identity {
		c.t.Errorf("asked for %s by %+v", h.PIN, caller)
	}
	return h.PIN == demo.Patient.PIN
}

func (c counter) Documents(ctx context.Context, h portalapi.Holder) ([]portalapi.Document, error) {
	if !c.asked(ctx, h) {
		return nil, nil
	}
	return []portalapi.Document{c.open.Document}, nil
}

func (c counter) Document(ctx context.Context, h portalapi.Holder) (portalapi.Open, error) {
	if !c.asked(ctx, h) || h.Document != c.open.ID {
		return portalapi.Open{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return c.open, nil
}

// ID-2: the app shows the person's documents of the portal, their own alone, and
// the card by itself while the portal is away.
func TestTheAppShowsThePortalsDocuments(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		b := h.browser()
		p := h.signIn(b, b.get(h.base+"/app/"), demo.Patient)
		p.must(http.StatusOK, "Мои документы", demo.Patient.FamilyName, "Госпортал сейчас не отвечает")
		if p.header.Get("X-Kept-Partly") != "1" || strings.Contains(p.words(), "Перейти на Госпортал") {
			t.Error("less than what the device keeps already takes its place")
		}
		documentID := uuid.NewString()
		if p := b.get(h.base + "/app/documents/" + documentID); p.status != http.StatusServiceUnavailable || !strings.Contains(p.words(), "Госпортал сейчас не отвечает") {
			t.Errorf("a document without the portal: %d %s", p.status, p.words())
		}
		at := time.Date(2026, 11, 20, 4, 30, 0, 0, time.UTC)
		h.serve(exchangeapi.Portal, func(provider *exchangeapi.Provider) {
			portalapi.Serve(provider, counter{t, portalapi.Open{
				Document: portalapi.Document{
					ID: documentID, Number: "2026-0000007", Title: text.Words{KY: "Көчүрмө", RU: "Выписка <b>карты</b>", EN: "Summary"},
					IssuedBy: text.Words{KY: "Оорукана", RU: "Больница", EN: "Hospital"}, IssuedAt: at, Lang: text.RU,
				},
				Code: "23456789ABCD", Address: h.portal.base + "/verify/2026-0000007/23456789ABCD",
				Sections: []portalapi.Section{
					{Title: "Пациент", Rows: []portalapi.Row{{Key: "Имя", Value: "Жумабеков"}}},
					{Title: "Диагнозы", Columns: []string{"Код", "Диагноз"}, Table: [][]string{{"I21.0", "<script>alert(1)</script>"}}},
					{Title: "Рекомендации", Text: "Аспирин.\nПокой."},
				},
			}})
		})
		p = b.get(h.base+"/app/").must(http.StatusOK, "Документы Госпортала", "Перейти на Госпортал", "Выписка <b>карты</b>", "№ 2026-0000007 · 20.11.2026 · на русском", "Больница")
		if p.header.Get("X-Kept-Partly") != "" || p.header.Get("X-Kept-For") == "" || strings.Contains(p.body, "<b>карты") {
			t.Errorf("%v\n%s", p.header, p.body)
		}
		p = b.get(h.base+"/app/documents/"+documentID).must(http.StatusOK, "Диагнозы", "I21.0", "Жумабеков", "Покой.", "23456789ABCD", "Данные на")
		if p.header.Get("X-Kept-Until") == "" || p.header.Get("X-Kept-For") == "" || strings.Contains(p.body, "<script>alert") || !strings.Contains(p.body, "/my/documents/"+documentID) {
			t.Errorf("%v\n%s", p.header, p.body)
		}
		records, err := h.neighbour(exchangeKey).Accesses(t.Context(), exchangeapi.Identity, demo.Patient.PIN, 50)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range records {
			seen[r.Action+" "+r.Object] = r.ActorPIN == demo.Patient.PIN && r.Via == "identity"
		}
		if !seen["document.shown identity-card"] || !seen["document.shown portal/"+documentID] {
			t.Errorf("recorded: %v", seen)
		}
		for _, other := range []string{uuid.NewString(), "1", "..%2f..", "%00"} {
			if p := b.get(h.base + "/app/documents/" + other); p.status != http.StatusNotFound && p.status != http.StatusBadRequest {
				t.Errorf("%q: %d", other, p.status)
			}
		}

		// Somebody else has none of it; nobody is asked to sign in.
		doctor := h.atHome(demo.Doctor)
		doctor.get(h.base+"/app/").must(http.StatusOK, "Документов пока нет")
		doctor.get(h.base + "/app/documents/" + documentID).must(http.StatusNotFound)
		if p := h.browser().get(h.base + "/app/documents/" + documentID); p.url.Path != "/sign-in" || p.header.Get("X-Kept-Until") != "" {
			t.Errorf("%s %v", p.url, p.header)
		}
	})
}
