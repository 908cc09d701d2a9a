package bulk_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/bulk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// exported are the ids of the type in an export of the filters.
func exported(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk, path, kind string, filters ...string) map[string][]string {
	t.Helper()
	q := url.Values{"_type": {kind}, "_typeFilter": filters}
	id := begin(t, h, path+"?"+q.Encode(), "machine")
	if err := d.Write(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	got := files(t, h, id, "machine")
	h.Ask(http.MethodDelete, "/$export-job/"+id, "machine", "")
	for _, ids := range got {
		slices.Sort(ids)
	}
	return got
}

// _typeFilter tells what meets one of its searches, each resource once, however the
// searches overlap and whatever a page holds; other types stay whole.
func TestExportByTypeFilter(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk) {
		d.Page = 2
		all := exported(t, h, d, "/$export", "Observation,Patient")
		if len(all["Observation"]) != 6 || len(all["Patient"]) != 2 {
			t.Fatal(all)
		}
		one, rest := all["Observation"][0], all["Observation"][1:]
		for name, c := range map[string]struct {
			filters []string
			want    []string
		}{
			"one":                  {[]string{"Observation?_id=" + one}, []string{one}},
			"none":                 {[]string{"Observation?_id=none"}, nil},
			"several of one value": {[]string{"Observation?_id=" + one + "," + rest[0]}, []string{one, rest[0]}},
			"two that overlap":     {[]string{"Observation?_id=" + one + "," + rest[0], "Observation?_id=" + rest[0] + "," + rest[1]}, []string{one, rest[0], rest[1]}},
			"all, and one again":   {[]string{"Observation?status=final,amended,preliminary,registered,entered-in-error", "Observation?_id=" + one}, all["Observation"]},
			"parted by a comma":    {[]string{"Observation?_id=" + one + ",Observation?_id=" + rest[2]}, []string{one, rest[2]}},
			"what narrows itself":  {[]string{"Observation?_id=" + one + "&_id=" + rest[0]}, nil},
		} {
			for _, path := range []string{"/$export", "/Patient/$export"} {
				got := exported(t, h, d, path, "Observation,Patient", c.filters...)
				if slices.Sort(c.want); !slices.Equal(got["Observation"], c.want) || len(got["Patient"]) != 2 {
					t.Errorf("%s of %s: %v, not %v", name, path, got, c.want)
				}
			}
		}
		for _, filter := range []string{
			"x", "Nothing?_id=1", "Observation", "Observation?", "Observation?shoe=1", "Observation?_sort=date", "Observation?_id=1&_count=5", "Observation?patient.family=А",
			"Observation?_has:Provenance:target:agent=1", "Observation?_include=Observation:patient", "Observation?_id=1&_elements=status", "Observation?_id=1&_summary=true",
			"Patient?identifier=10304199200551", "Patient?identifier=https://sanarip.kg/fhir/sid/pin|10304199200551", "Condition?code=I21.0", "Observation?_id=%zz",
		} {
			a := h.Get("/$export?_type=Observation,Patient&_typeFilter="+url.QueryEscape(filter), "machine", "Prefer", "respond-async")
			if a.Status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", filter, a.Status, a.Body)
			}
		}
		if a := h.Get("/$export?_type=Patient&_typeFilter="+url.QueryEscape("Observation?_id=1"), "narrow", "Prefer", "respond-async"); a.Status != http.StatusForbidden {
			t.Errorf("a filter of a type that the token does not open: %d", a.Status)
		}
	})
}
