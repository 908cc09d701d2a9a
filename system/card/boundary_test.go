package card

import (
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

var ofAStay = regexp.MustCompile(`"((?:GET|POST) /stays/\{id\}[^"]*)"`)

// stayRoutes are the pages of a stay as the sources mount them: one that is
// added later is tried as well.
func stayRoutes(t *testing.T) []string {
	t.Helper()
	var routes []string
	err := filepath.WalkDir("internal", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range ofAStay.FindAllStringSubmatch(string(data), -1) {
			routes = append(routes, m[1])
		}
		return err
	})
	if err != nil || len(routes) < 20 {
		t.Fatalf("%d pages of a stay: %v", len(routes), err)
	}
	slices.Sort(routes)
	return slices.Compact(routes)
}

// For the staff of another hospital a stay is not there, whatever the page, and
// nothing of the patient is told.
func TestAnotherHospitalSeesNoStay(t *testing.T) {
	h, _, _, stayPath := newHospital(t)
	const strangerPIN = "10101198000018"
	post := cardtest.Post(strangerPIN, "Чужой Врач", workforceapi.Head, "18")
	post.ID, post.Organisation = "post-elsewhere", "950201"
	h.n.PostsOf = append(h.n.PostsOf, post)
	stranger := h.signIn(t, strangerPIN)
	for _, route := range stayRoutes(t) {
		method, pattern, _ := strings.Cut(route, " ")
		if strings.HasSuffix(pattern, "/reason") { // the chief physician's alone, who has a test of their own
			continue
		}
		path := strings.Replace(pattern, "/stays/{id}", stayPath, 1)
		var form url.Values
		if method == http.MethodPost {
			form = url.Values{
				"once": {"00000000-0000-4000-8000-000000000001"}, "kind": {"diary"}, "body": {"x"}, "reason": {"x"}, "at": {"2026-11-22T13:50"},
				"root": {"x"}, "seen": {"1"}, "revision": {"1"},
			}
		}
		status, to, body := stranger.send(method, path, form)
		if status != http.StatusNotFound {
			t.Errorf("%s: %d %s", route, status, to)
		}
		if strings.Contains(body, "Жумабеков") || strings.Contains(body, patientPIN) {
			t.Errorf("%s tells of the patient", route)
		}
	}
}
