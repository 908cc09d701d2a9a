package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
)

// download fetches an address with the browser's own cookies.
func (b *browser) download(address string) []byte {
	b.t.Helper()
	cookies, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
	if err != nil {
		b.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range cookies.Cookies {
		request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	response, err := local.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d, %v: %.300s", address, response.StatusCode, err, data)
	}
	return data
}

// pdf downloads a paper and looks for the words on it.
func (s *story) pdf(b *browser, address string, words ...string) (file string) {
	s.t.Helper()
	data := b.download(address)
	file = filepath.Join(s.t.TempDir(), "paper.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	if err != nil {
		s.t.Fatalf("pdftotext: %v", err)
	}
	plain := strings.NewReplacer(" ", "", "\u00a0", "", "\n", "").Replace(string(out))
	for _, word := range words {
		if !strings.Contains(plain, strings.ReplaceAll(word, " ", "")) {
			s.t.Errorf("%s does not say %q:\n%s", address, word, tail(string(out), 2000))
		}
	}
	return file
}

func (s *story) patientOrders() {
	b := open(s.t, "citizen", 360, "ky")
	s.citizen = b
	// The letter and the message in the mailbox, without a word of medicine.
	l := s.await(demo.Patient, func(l letter) bool { return l.Channel == "email" && l.Code == "" })
	if strings.Contains(l.Body+l.Subject, "I20") || strings.Contains(l.Body, "тенокард") {
		s.t.Errorf("the letter tells the diagnosis: %s", l.Body)
	}
	b.goTo(s.site["message"] + "/sign-in")
	b.signIn(s.world, demo.Patient)
	b.goTo(s.site["message"] + "/")
	b.check("mailbox")
	b.picture("mailbox")

	// Single sign-on: the portal asks for no password, at most for consent.
	b.goTo(s.site["portal"] + "/")
	b.check("portal")
	b.picture("portal")
	b.goTo(s.site["portal"] + "/sign-in")
	if eval[bool](b, `!!document.querySelector("[name=password]")`) {
		s.t.Error("single sign-on asks for the password again")
	}
	b.consent()
	b.goTo(s.site["portal"] + "/")
	b.fill("service_text", "көчүрм")
	b.leave(`document.querySelector('[name=service_text]').form.requestSubmit()`)
	b.check("search")
	b.picture("search")
	b.leave(`[...document.querySelectorAll('main a[href*="/services/"]')][0].click()`)
	b.check("service")
	b.picture("service")
	b.leave(`[...document.querySelectorAll('main a[href$="/order"], main a[href*="/order"]')][0].click()`)
	b.check("order")
	b.picture("order")
	eval[bool](b, `(() => { const r = document.querySelector('main input[type=radio]'); if (r && !document.querySelector('main input[type=radio]:checked')) r.click(); return true })()`)
	b.leave(`document.querySelector('main form[action$="/order"]').requestSubmit()`)
	b.check("application")
	b.picture("application")
	b.leave(`document.querySelector('main form[action$="/document"]').requestSubmit()`)
	b.see("Улуттук госпиталь")
	b.check("document")
	b.picture("document")
	link := eval[string](b, `[...document.querySelectorAll('main a')].map(a => a.href).find(h => /\/pdf(\?|$)/.test(h)) || ""`)
	if link == "" {
		s.t.Fatalf("no PDF to download at %s\n%s", b.where(), tail(b.text(), 2000))
	}
	file := s.pdf(b, link, "Жумабеков", "I20.0")
	s.docPath = file
	s.scan(file)
}

var address = regexp.MustCompile(`https?://\S+`)

// scan reads the QR code as a clerk's phone does.
func (s *story) scan(file string) {
	s.t.Helper()
	image := strings.TrimSuffix(file, ".pdf")
	if out, err := exec.Command("pdftoppm", "-r", "150", "-png", file, image).CombinedOutput(); err != nil {
		s.t.Fatalf("pdftoppm: %v %s", err, out)
	}
	pages, _ := filepath.Glob(image + "*.png")
	out, err := exec.Command("zbarimg", append([]string{"-q", "--raw", "-Sdisable", "-Sqrcode.enable"}, pages...)...).Output()
	if err != nil && len(out) == 0 { // it also complains of pages without a code
		s.t.Fatalf("zbarimg: %v", err)
	}
	s.verify = address.FindString(string(out))
	if !strings.HasPrefix(s.verify, s.site["portal"]+"/verify/") {
		s.t.Fatalf("the QR code says %q", out)
	}
}

func (s *story) clerkVerifies() {
	b := open(s.t, "clerk", 360, "ru")
	b.goTo(s.verify)
	b.see("подлинный")
	for _, secret := range []string{"I20", "стенокард", demo.Patient.PIN, "Жумабеков Эрмек Асанович"} {
		if strings.Contains(b.text(), secret) {
			s.t.Errorf("the verification page tells %q", secret)
		}
	}
	b.check("verification")
	b.picture("verified")
	b.goTo(othertest.Than(s.verify))
	if strings.Contains(b.text(), "Документ подлинный") {
		s.t.Error("a wrong code is taken")
	}
	data, err := os.ReadFile(s.docPath)
	if err != nil {
		s.t.Fatal(err)
	}
	if says := s.upload(data); !strings.Contains(says, "подлинный") {
		s.t.Errorf("the file itself is not recognised: %s", tail(says, 800))
	}
	changed := bytes.Clone(data)
	changed[len(changed)/2] ^= 1
	if says := s.upload(changed); strings.Contains(says, "Документ подлинный") {
		s.t.Errorf("a file changed by one bit passes: %s", tail(says, 800))
	}
}

// upload sends the file to the verification form and gives the page's text.
func (s *story) upload(data []byte) string {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "document.pdf")
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write(data)
	_ = form.Close()
	request, err := http.NewRequest(http.MethodPost, s.site["portal"]+"/verify/file?lang=ru", &body)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := local.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint(response.StatusCode) + string(page)
}

func (s *story) whoLooked() {
	b := open(s.t, "patient", 360, "ru")
	b.goTo(s.site["portal"] + "/sign-in")
	b.signIn(s.world, demo.Patient)
	b.goTo(s.site["portal"] + "/my/accesses")
	b.see("Асанова Айгүл Маратовна")
	b.see("Национальный")
	b.check("who looked")
	b.picture("accesses")
}

func (s *story) operatorSignsIn() *browser {
	b := open(s.t, "operator", 1440, "ru")
	s.keeper = b
	b.goTo(s.site["exchange"] + "/")
	if !strings.HasPrefix(b.where(), s.site["identity"]) {
		b.leave(`[...document.querySelectorAll('a[href^="/sign-in"]')][0].click()`)
	}
	b.signIn(s.world, demo.Operator)
	b.goTo(s.site["exchange"] + "/")
	return b
}

func (s *story) operator() {
	b := s.operatorSignsIn()
	b.check("operator")
	b.picture("operator")
	b.goTo(s.site["exchange"] + "/log?service=treated-cases")
	b.see("treated-cases")
	b.check("log")
	b.picture("log")
	for _, secret := range []string{demo.Patient.PIN, "Жумабеков", "I20"} {
		if strings.Contains(b.text(), secret) {
			s.t.Errorf("the operator's log tells %q", secret)
		}
	}
}

// everyPage opens what the four have met again in the other languages at 320
// CSS pixels, which is a desk at 400 %, and holds each against the same checks.
func (s *story) everyPage() {
	site := s.site
	round := func(b *browser, addresses ...string) {
		b.resize(320)
		for _, lang := range []string{"ky", "en"} {
			for _, address := range addresses {
				b.goTo(address + "?lang=" + lang)
				b.settled()
				b.check(lang + " at 320 px")
			}
		}
	}
	s.doctor.goTo(s.stay)
	patient := eval[string](s.doctor, `document.querySelector('a[href^="/patients/"]').href`)
	round(s.doctor, site["card"]+"/ward", site["card"]+"/patients", site["card"]+"/patients/new", patient, site["card"]+"/work",
		s.stay, s.stay+"/orders", s.stay+"/operations", s.stay+"/moves", s.stay+"/diagnoses", s.stay+"/discharge", s.stay+"/form",
		site["card"]+"/nothing-here")
	s.doctor.goTo(site["workforce"] + "/sign-in")
	s.doctor.consent()
	round(s.doctor, site["workforce"]+"/organisations", site["workforce"]+"/organisations/"+demo.Hospital,
		site["workforce"]+"/organisations/"+demo.Hospital+"/departments", site["workforce"]+"/organisations/"+demo.Hospital+"/staff")
	round(s.fund, strings.Split(s.fund.where(), "?")[0], site["insurance"]+"/cases", site["insurance"]+"/totals", site["insurance"]+"/rules", site["insurance"]+"/prices")
	document := strings.Split(s.citizen.where(), "?")[0]
	round(s.citizen, document, site["portal"]+"/", site["portal"]+"/my", site["portal"]+"/my/accesses", site["portal"]+"/my/profile",
		site["portal"]+"/verify", site["message"]+"/", site["identity"]+"/")
	round(s.keeper, site["exchange"]+"/", site["exchange"]+"/failures", site["exchange"]+"/log", site["exchange"]+"/rights")
}
