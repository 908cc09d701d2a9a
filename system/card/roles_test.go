package card

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func TestWithoutAPostNobodyEnters(t *testing.T) {
	h := newHouse(t, nil)
	for _, pin := range []string{patientPIN, "12511199000088"} {
		h.n.Set(func(n *cardtest.Neighbours) {
			expert := cardtest.Post("12511199000088", "Эксперт", workforceapi.Expert, "")
			manager := cardtest.Post("12511199000088", "Эксперт", workforceapi.Manager, "")
			expert.Organisation, manager.Organisation = "900001", "900001"
			n.PostsOf = append(n.PostsOf, expert, manager)
		})
		if _, err := h.desk.Admit(t.Context(), signin.Claims{PIN: pin}); !fail.Is(err, fail.Forbidden) || fail.As(err).Key != "card.no_post" {
			t.Errorf("%s was let in: %v", pin, err)
		}
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://card.localhost/ward?view=list", nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in?next=%2Fward%3Fview%3Dlist" {
		t.Errorf("signed out: %d %s", w.Code, w.Header().Get("Location"))
	}
	w = httptest.NewRecorder()
	h.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://card.localhost/patients/find", strings.NewReader("q=1")))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("signed out, POST: %d", w.Code)
	}
}

// NR-2: who leaves loses access at once, and while НИСУР is away the ward works on.
func TestPostsAreCheckedAgain(t *testing.T) {
	h := newHouse(t, nil)
	doctor, nurse := h.signIn(t, doctorPIN), h.signIn(t, nursePIN)
	asked := func() int { return h.n.Calls["posts/of-person"] }
	before := asked()
	for range 5 {
		doctor.get("/ward")
	}
	if asked() != before {
		t.Errorf("НИСУР was asked %d times within a minute", asked()-before)
	}
	h.now.Advance(61 * time.Second)
	doctor.get("/ward")
	doctor.get("/ward")
	if asked() != before+1 {
		t.Errorf("НИСУР was asked %d times after a minute", asked()-before)
	}
	h.n.Set(func(n *cardtest.Neighbours) { n.Away = true })
	h.now.Advance(time.Hour)
	doctor.get("/ward")
	h.n.Set(func(n *cardtest.Neighbours) { n.Away, n.PostsOf = false, n.PostsOf[1:] })
	h.now.Advance(61 * time.Second)
	if status, _, body := doctor.send(http.MethodGet, "/ward", nil); status != http.StatusForbidden || !strings.Contains(body, "НИСУР") {
		t.Errorf("a doctor who left: %d", status)
	}
	if status, where, _ := doctor.send(http.MethodGet, "/ward", nil); status != http.StatusSeeOther || !strings.HasPrefix(where, "/sign-in") {
		t.Errorf("the session of a doctor who left: %d %s", status, where)
	}
	nurse.get("/ward")
}

func TestSeveralPosts(t *testing.T) {
	h := newHouse(t, nil)
	h.n.Set(func(n *cardtest.Neighbours) {
		n.PostsOf = append(n.PostsOf, cardtest.Post(doctorPIN, "Асанова Айгүл Маратовна", workforceapi.Manager, ""))
	})
	b := h.signIn(t, doctorPIN)
	status, where, _ := b.send(http.MethodGet, "/ward?view=list", nil)
	if status != http.StatusSeeOther || where != "/post?next=%2Fward%3Fview%3Dlist" {
		t.Fatalf("no post chosen: %d %s", status, where)
	}
	if status, _, _ := b.post("/patients/find", "q", patientPIN); status != http.StatusForbidden {
		t.Errorf("acted without a post: %d", status)
	}
	if status, _, _ := b.post("/post", "post", "of somebody else"); status != http.StatusUnprocessableEntity {
		t.Errorf("a stranger's post: %d", status)
	}
	status, where, _ = b.post("/post", "post", "post-"+doctorPIN+"-18", "next", "/ward?view=list")
	if status != http.StatusSeeOther || where != "/ward?view=list" {
		t.Fatalf("chosen: %d %s", status, where)
	}
	has(t, b.get("/ward"), "/post?next=")
	if _, where, _ = b.post("/post", "post", "post-"+doctorPIN+"-", "next", "//evil.example"); where != "/" {
		t.Errorf("led to %s", where)
	}
	if status, _, _ := b.send(http.MethodGet, "/patients", nil); status != http.StatusForbidden {
		t.Errorf("a manager opened the patients: %d", status)
	}
}

func TestRoles(t *testing.T) {
	h := newHouse(t, nil)
	h.n.Set(func(n *cardtest.Neighbours) {
		n.PostsOf = append(n.PostsOf, cardtest.Post("11112197500031", "Бейшеналиева Гүлнара", workforceapi.Manager, ""))
	})
	doctor, nurse, manager := h.signIn(t, doctorPIN), h.signIn(t, nursePIN), h.signIn(t, "11112197500031")
	_, to, _ := doctor.post("/patients/find", "q", patientPIN)
	_, stayPath, _ := doctor.post(to+"/admit", "kind", "planned", "at", "2026-11-22T13:30", "brought_by", "self",
		"admission", "I10", "place", "18/"+cardtest.BedID("18", 1), "doctor", doctorPIN, "category", "")
	if status, _, _ := nurse.send(http.MethodGet, to+"/admit", nil); status != http.StatusForbidden {
		t.Errorf("a nurse admits: %d", status)
	}
	has(t, nurse.get("/ward?lang=ru"), "Жумабеков")
	for _, lang := range []string{"ky", "ru"} {
		if pdf := doctor.get("/reception/001.pdf?what=&lang=" + lang); !strings.HasPrefix(pdf, "%PDF") {
			t.Errorf("journal 001/у in %s: %.80q", lang, pdf)
		}
	}
	if body := manager.get("/ward?lang=ru"); strings.Contains(body, "Жумабеков") || strings.Contains(body, stayPath) || !strings.Contains(body, "занята") {
		t.Error("the manager's board shows who lies there")
	}
}

// Nobody's menu leads to a page that is closed to them.
func TestTheMenuLeadsWhereOneMayGo(t *testing.T) {
	h := newHouse(t, nil)
	link := regexp.MustCompile(`href="(/[a-z/]*)"`)
	for role, pin := range map[workforceapi.Role]string{
		workforceapi.Doctor: "11112197500101", workforceapi.Head: "11112197500102", workforceapi.Nurse: "11112197500103",
		workforceapi.Statistician: "11112197500104", workforceapi.Manager: "11112197500105", workforceapi.Chief: "11112197500106",
	} {
		h.n.Set(func(n *cardtest.Neighbours) {
			n.PostsOf = append(n.PostsOf, cardtest.Post(pin, "Кызматкер", role, ""))
		})
		b := h.signIn(t, pin)
		_, nav, _ := strings.Cut(b.get("/ward?lang=en"), `<nav aria-label="Main menu">`)
		nav, _, _ = strings.Cut(nav, "</nav>")
		links := link.FindAllStringSubmatch(nav, -1)
		if len(links) == 0 {
			t.Errorf("%s: no menu", role)
		}
		for _, l := range links {
			if status, _, _ := b.send(http.MethodGet, l[1], nil); status != http.StatusOK && status != http.StatusSeeOther {
				t.Errorf("%s: %s answers %d", role, l[1], status)
			}
		}
	}
}
