package portal_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// ID-2, PT-16: the app of ЕСИ shows the person's documents with their content;
// nobody gets another's, and each look is recorded.
func TestAHolderSeesTheirDocumentsThroughTheApp(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		exchange := &exchangeapi.Client{Self: exchangeapi.Identity, Address: b.url, Key: key}
		app := portalapi.Client{Exchange: exchange}
		mine, other := demo.Patient.PIN, demo.Doctor.PIN
		if all, err := app.Documents(t.Context(), mine); err != nil || all == nil || len(all) != 0 {
			t.Fatalf("before the first: %v %v", all, err)
		}
		patient := b.as(t, &demo.Patient)
		address := patient.issue(t)
		documentID := address[strings.LastIndex(address, "/")+1:]
		all, err := app.Documents(t.Context(), mine)
		if err != nil || len(all) != 1 || all[0].ID != documentID || all[0].Title.KY == "" || all[0].IssuedBy.RU != "Первая больница" || all[0].Lang != "ru" {
			t.Fatalf("%+v %v", all, err)
		}
		opened, err := app.Document(t.Context(), mine, documentID)
		if err != nil || opened.Number != all[0].Number || len(opened.Code) != 12 || !strings.HasSuffix(opened.Address, "/verify/"+opened.Number+"/"+opened.Code) {
			t.Fatalf("%+v %v", opened, err)
		}
		found := false
		for _, s := range opened.Sections {
			for _, row := range s.Table {
				found = found || strings.Contains(strings.Join(row, " "), "I21.0")
			}
		}
		if !found {
			t.Errorf("the diagnosis is not in %+v", opened.Sections)
		}
		records, err := exchange.Accesses(t.Context(), exchangeapi.Portal, mine, 50)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, r := range records {
			if r.Organisation == exchangeapi.Identity.Member && r.ActorPIN == mine && r.Via == "portal" && r.PurposeWords.KY != "" && r.ActionWords.RU != r.Action {
				seen[r.Action+" "+r.Object]++
			}
		}
		if seen["list "] != 2 || seen["open "+documentID] != 1 {
			t.Errorf("recorded: %v", seen)
		}

		// Another's document is not there, and asking for another is refused.
		for _, id := range []string{documentID, uuid.NewString(), "", "x' OR 1=1"} {
			if _, err := app.Document(t.Context(), other, id); !fail.Is(err, fail.NotFound) {
				t.Errorf("%q of somebody else: %v", id, err)
			}
		}
		for _, user := range []string{other, ""} {
			for _, path := range []string{"/of-holder", "/open"} {
				err := exchange.Do(t.Context(), exchangeapi.Call{
					Provider: exchangeapi.Portal, Service: portalapi.ServiceDocuments, Path: path, Body: portalapi.Holder{PIN: mine, Document: documentID}, User: user,
				}, nil)
				if !fail.Is(err, fail.Forbidden) {
					t.Errorf("%s as %q: %v", path, user, err)
				}
			}
		}
		if err := exchange.Do(t.Context(), exchangeapi.Call{Provider: exchangeapi.Portal, Service: portalapi.ServiceDocuments, Path: "/of-holder", Body: portalapi.Holder{}}, nil); !fail.Is(err, fail.Forbidden) {
			t.Errorf("nobody's documents: %v", err)
		}
	})
}
