package authority

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// MountDemo adds the place where a developer's software card gets its
// certificates. Whoever asks gets them: it must never be mounted but in the demo,
// and knows the demo's people only.
func (s *Service) MountDemo(mux *http.ServeMux, site *page.Site) {
	site.Handle(mux, "POST "+signatureapi.DemoCards, s.demoCard)
}

func (s *Service) demoCard(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4*maxRequest))
	if err != nil {
		return fail.Wrap(err, fail.TooLarge, "kit.too_large")
	}
	var in signatureapi.CardRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	people := demo.People()
	i := slices.IndexFunc(people, func(p demo.Person) bool { return p.PIN == in.PIN })
	if i < 0 {
		return fail.New(fail.NotFound, "signature.demo_people_only")
	}
	p := people[i]
	out, err := s.ReplaceCard(r.Context(), Person{PIN: p.PIN, FamilyName: p.FamilyName, GivenName: strings.TrimSpace(p.GivenName + " " + p.Patronymic)}, in)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(out)
}
