package portal_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/migration"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// TestPT1Catalogue: search by a part of a Cyrillic word, plain and as one types.
func TestPT1Catalogue(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	nobody := b.as(t, nil)
	for _, c := range []struct {
		query string
		found bool
	}{{"выпис", true}, {"ЫПИСК", true}, {"картадан", true}, {"көчүр", true}, {"КӨЧҮР", true}, {"больниц вып", true}, {"вертолёт", false}, {"выпис вертолёт", false}, {"<script>", false}, {"\x07", true}} {
		q := strings.NewReplacer(" ", "%20", "<", "%3C", ">", "%3E", "\x07", "%07").Replace(c.query)
		if got := strings.Contains(nobody.get(t, "/?service_text="+q).body, `href="/services/discharge-summary"`); got != c.found {
			t.Errorf("%q finds the summary: %v", c.query, got)
		}
		if got := strings.Contains(nobody.get(t, "/services.json?q="+q).body, `"value":"discharge-summary"`); got != c.found {
			t.Errorf("%q suggests the summary: %v", c.query, got)
		}
	}
	for _, l := range text.Langs {
		nobody.lang = l
		page := nobody.get(t, "/services/discharge-summary").body
		if !strings.Contains(page, "/services/discharge-summary/order") {
			t.Errorf("%s: the card has no way to apply", l)
		}
		for _, path := range []string{"/", "/?service_text=zzz", "/services/person-data", "/verify", "/nothing", "/services/nothing"} {
			nobody.get(t, path)
		}
	}
}

// TestPT2SignInWhenOrdering: nobody signed in is told why, and comes back to the form.
func TestPT2SignInWhenOrdering(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	nobody := b.as(t, nil)
	page := nobody.get(t, "/services/discharge-summary/order")
	if page.code != http.StatusOK || !strings.Contains(page.body, "next=%2Fservices%2Fdischarge-summary%2Forder") {
		t.Errorf("%d %s", page.code, page.body)
	}
	if sent := nobody.post(t, "/services/discharge-summary/order", "token", "x"); sent.code != http.StatusUnauthorized {
		t.Errorf("an order by nobody is %d", sent.code)
	}
	for _, path := range []string{"/my", "/my/accesses", "/my/profile"} {
		if a := nobody.get(t, path); a.code != http.StatusSeeOther {
			t.Errorf("%s is %d", path, a.code)
		}
	}
}

// TestPT8SummaryToDocument walks from the order to a document that anyone can
// check, and changes one byte of it (PT-6 to PT-9).
func TestPT8SummaryToDocument(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient, nobody := b.as(t, &demo.Patient), b.as(t, nil)
		application := patient.order(t, "discharge-summary")
		page := patient.get(t, application).body
		for _, want := range []string{"I21.0", "Стентирование", "Готово", "&lt;b&gt;участкового", "Первая больница", "A2026-0000001"} {
			if !strings.Contains(page, want) {
				t.Errorf("the result lacks %q", want)
			}
		}
		documents := map[string]string{}
		for _, lang := range []string{"ky", "ru"} {
			for range 2 { // asked for twice it is the same
				location := patient.post(t, application+"/document", "lang", lang).header.Get("Location")
				if known := documents[lang]; known != "" && known != location {
					t.Errorf("a second document: %s, %s", known, location)
				}
				documents[lang] = location
			}
		}
		if bad := patient.post(t, application+"/document", "lang", "xx"); bad.code != http.StatusUnprocessableEntity {
			t.Errorf("a document in no language is %d", bad.code)
		}
		document := documents["ru"]
		for _, l := range text.Langs {
			patient.lang = l
			patient.get(t, document)
			patient.get(t, application)
			patient.get(t, "/my")
			patient.get(t, "/my/profile")
		}
		patient.lang = text.RU
		shown := patient.get(t, document).body
		pdf := patient.get(t, document+"/pdf")
		if pdf.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(pdf.body, "%PDF-") {
			t.Fatalf("the PDF is %q", pdf.header)
		}
		number := find(t, pdf.header.Get("Content-Disposition"), `filename=([0-9]{4}-[0-9]{7})\.pdf`)
		code := find(t, shown, `sn-number">([2-9A-Z]{12})<`)
		checkVerification(t, nobody, number, code, pdf.body)
		checkPaper(t, pdf.body, "http://portal.localhost:8080/verify/"+number+"/"+code)
		if content := patient.get(t, document+"/json").body; !strings.Contains(content, `"number":"`+number+`"`) || strings.Contains(content, "\n") {
			t.Errorf("the canonical JSON is %s", content)
		}
		// Nobody else has it.
		for _, path := range []string{application, document, document + "/pdf", document + "/json"} {
			if got := b.as(t, &demo.Doctor).get(t, path); got.code != http.StatusNotFound {
				t.Errorf("another person gets %s: %d", path, got.code)
			}
		}
		eventually(t, "the person was not told", func() bool { return len(b.messages()) == 1 })
		if m := b.messages()[0]; m.PIN != demo.Patient.PIN || strings.Contains(fmt.Sprint(m), "инфаркт") || m.Link != "http://portal.localhost:8080"+application {
			t.Errorf("the message is %+v", m)
		}
	})
}

func checkVerification(t *testing.T, nobody *browser, number, code, pdf string) {
	t.Helper()
	genuine := func(a answer) bool {
		return a.code == http.StatusOK && strings.Contains(a.body, "Документ подлинный")
	}
	byQR := nobody.get(t, "/verify/"+number+"/"+code)
	if !genuine(byQR) {
		t.Errorf("the QR code leads to %d %s", byQR.code, byQR.body)
	}
	for _, secret := range []string{"инфаркт", "I21", "Жумабеков", "Эрмек", demo.Patient.PIN, "Стентирование", "00000011895017426"} {
		if strings.Contains(byQR.body, secret) {
			t.Errorf("the verification shows %q to a stranger", secret)
		}
	}
	if !strings.Contains(byQR.body, "Ж. Э. А., 2 •••••••• •••17") {
		t.Error("the verification does not show initials and masked ПИН")
	}
	for _, l := range text.Langs {
		nobody.lang = l
		nobody.get(t, "/verify/"+number+"/"+code)
		nobody.get(t, "/verify/"+number+"/"+strings.Repeat("2", 12))
	}
	nobody.lang = text.RU
	// As people type it: spaces, lower case, Cyrillic letters that look alike.
	typed := strings.NewReplacer("A", "А", "K", "К", "E", "Е", "X", "х").Replace(strings.ToLower(code[:6])) + " " + strings.NewReplacer("A", "А", "K", "К", "E", "Е").Replace(code[6:])
	if got := nobody.post(t, "/verify", "number", " № "+number, "code", typed); !genuine(got) {
		t.Errorf("%q typed by hand: %d", typed, got.code)
	}
	if got := nobody.upload(t, []byte(pdf)); !genuine(got) || !strings.Contains(got.body, "полностью совпадает") {
		t.Errorf("the file itself: %d", got.code)
	}
	for _, at := range []int{0, len(pdf) / 3, len(pdf) / 2, len(pdf) - 1} {
		changed := []byte(pdf)
		changed[at] ^= 1
		if got := nobody.upload(t, changed); genuine(got) || !strings.Contains(got.body, "Подлинность не подтверждена") {
			t.Errorf("byte %d changed: %d", at, got.code)
		}
	}
	if genuine(nobody.upload(t, []byte(pdf+"\n"))) || genuine(nobody.upload(t, []byte(pdf[:len(pdf)-1]))) {
		t.Error("a longer or shorter file is taken for genuine")
	}
}

// checkPaper reads the PDF as a clerk would: by eye and by scanner.
func checkPaper(t *testing.T, pdf, address string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "d.pdf")
	if err := os.WriteFile(file, []byte(pdf), 0o600); err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("SANARIP_KEEP_PDF"); keep != "" { // to look at it
		_ = os.WriteFile(keep, []byte(pdf), 0o600)
	}
	if tool, err := exec.LookPath("pdftotext"); err == nil {
		out, err := exec.Command(tool, "-layout", file, "-").Output()
		if err != nil || !strings.Contains(string(out), "I21.0") || !strings.Contains(string(out), "Жумабеков Эрмек Асанович") {
			t.Errorf("%v: the paper says\n%s", err, out)
		}
	}
	draw, drawErr := exec.LookPath("pdftoppm")
	scan, scanErr := exec.LookPath("zbarimg")
	if drawErr != nil || scanErr != nil {
		return
	}
	if err := exec.Command(draw, "-r", "110", "-gray", "-png", file, file).Run(); err != nil {
		t.Fatal(err)
	}
	pages, _ := filepath.Glob(file + "-*.png")
	out, err := exec.Command(scan, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", pages[len(pages)-1]).Output()
	if err != nil || strings.TrimSpace(string(out)) != address {
		t.Errorf("%v: the code on paper says %q, want %q", err, out, address)
	}
}

// TestPT7DoubleClick: a form sent many times at once is one application.
func TestPT7DoubleClick(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient := b.as(t, &demo.Patient)
		token := find(t, patient.get(t, "/services/person-data/order").body, `name="token" value="([^"]+)"`)
		var mu sync.Mutex
		locations := map[string]bool{}
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				sent := patient.post(t, "/services/person-data/order", "token", token)
				mu.Lock()
				defer mu.Unlock()
				locations[sent.header.Get("Location")] = true
			})
		}
		group.Wait()
		if len(locations) != 1 {
			t.Errorf("one form made %v", locations)
		}
		for location := range locations {
			eventually(t, "no answer", func() bool {
				return strings.Contains(patient.get(t, location).body, "Кыргызская Республика")
			})
		}
	})
}

// TestPT13NeighboursAway: with card and signature away the application and the
// document are kept, their state is shown, and the person is told when they come.
func TestPT13NeighboursAway(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient := b.as(t, &demo.Patient)
		b.away[exchangeapi.Card].Store(true)
		application := patient.order(t, "discharge-summary") // with "newest", since there is no list
		page := patient.get(t, application)
		if !strings.Contains(page.body, "Ожидается ответ") || page.header.Get("Refresh") == "" {
			t.Errorf("the page does not say that the answer is awaited: %s", page.body)
		}
		eventually(t, "no notice of acceptance", func() bool { return len(b.messages()) == 1 })
		b.away[exchangeapi.Card].Store(false)
		b.away[exchangeapi.Signature].Store(true)
		b.advance(t, time.Minute)
		eventually(t, "the job did not fetch the answer", func() bool { return strings.Contains(patient.get(t, application).body, "I21.0") })
		eventually(t, "no notice of the result", func() bool { return len(b.messages()) == 2 })
		document := patient.post(t, application+"/document", "lang", "ky").header.Get("Location")
		if page := patient.get(t, document).body; !strings.Contains(page, "Документ ждёт печати") {
			t.Errorf("the document does not say that it waits: %s", page)
		}
		if got := patient.get(t, document+"/pdf"); got.code != http.StatusNotFound {
			t.Errorf("a document without a seal is given out: %d", got.code)
		}
		b.away[exchangeapi.Signature].Store(false)
		b.advance(t, time.Minute)
		eventually(t, "the document was not sealed", func() bool { return patient.get(t, document+"/pdf").code == http.StatusOK })
		eventually(t, "no notice of the document", func() bool { return len(b.messages()) == 3 })
		// Nothing is called authentic while its seal cannot be checked.
		pdf := patient.get(t, document+"/pdf").body
		b.away[exchangeapi.Signature].Store(true)
		if got := b.as(t, nil).upload(t, []byte(pdf)); got.code != http.StatusServiceUnavailable {
			t.Errorf("a seal that cannot be checked: %d", got.code)
		}
	})
}

// TestPT12NoData: a stay that is not the person's is refused with a reason.
func TestPT12NoData(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	doctor := b.as(t, &demo.Doctor)
	if page := doctor.get(t, "/services/discharge-summary/order").body; !strings.Contains(page, "Завершённого лечения не найдено") {
		t.Error("an empty list is not told")
	}
	sent := doctor.post(t, "/services/discharge-summary/order", "token", "0192b5a0-0000-7000-8000-00000000000a", "stay", stay)
	page := doctor.get(t, sent.header.Get("Location")).body
	if !strings.Contains(page, "Данных не найдено") || strings.Contains(page, "I21") {
		t.Errorf("another person's stay: %s", page)
	}
	for name, form := range map[string][]string{
		"no stay": {"token", "0192b5a0-0000-7000-8000-00000000000b"}, "bad token": {"token", "x", "stay", stay},
		"bad stay": {"token", "0192b5a0-0000-7000-8000-00000000000c", "stay", "../../x"},
	} {
		if got := doctor.post(t, "/services/discharge-summary/order", form...); got.code < 400 || got.code > 499 {
			t.Errorf("%s is %d", name, got.code)
		}
	}
}

// TestShareEnds: a link works for 7 days, is recorded when opened, and can be revoked.
func TestShareEnds(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient, nobody := b.as(t, &demo.Patient), b.as(t, nil)
		document := patient.issue(t)
		link := func() string {
			if got := patient.post(t, document+"/share"); got.code != http.StatusSeeOther {
				t.Fatalf("sharing is %d: %s", got.code, got.body)
			}
			return find(t, patient.get(t, document).body, `value="http://portal.localhost:8080(/shared/[^"]+)"`)
		}
		first := link()
		page := nobody.get(t, first)
		if page.code != http.StatusOK || strings.Contains(page.body, "инфаркт") {
			t.Errorf("the shared page is %d", page.code)
		}
		if got := nobody.get(t, first+"/pdf"); !strings.HasPrefix(got.body, "%PDF-") {
			t.Errorf("the shared PDF is %d", got.code)
		}
		if !strings.Contains(patient.get(t, document).body, "открыта 1 раз") {
			t.Error("the opening was not counted")
		}
		for _, wrong := range []string{first[:len(first)-1], first[:len(first)-1] + "!", "/shared/x/y", "/shared/" + strings.Repeat("0", 36) + "/k"} {
			if got := nobody.get(t, wrong+"/pdf"); got.code != http.StatusNotFound {
				t.Errorf("%s is %d", wrong, got.code)
			}
		}
		revoke := find(t, patient.get(t, document).body, `action="(/my/shares/[^"]+/revoke)"`)
		if got := b.as(t, &demo.Doctor).post(t, revoke); got.code != http.StatusNotFound {
			t.Errorf("another person revokes: %d", got.code)
		}
		patient.post(t, revoke)
		if got := nobody.get(t, first+"/pdf"); got.code != http.StatusNotFound {
			t.Errorf("a revoked link is %d", got.code)
		}
		second := link()
		b.advance(t, 7*24*time.Hour-time.Minute)
		if got := nobody.get(t, second+"/pdf"); got.code != http.StatusOK {
			t.Errorf("a link before its end is %d", got.code)
		}
		b.advance(t, 2*time.Minute)
		if got := nobody.get(t, second+"/pdf"); got.code != http.StatusNotFound {
			t.Errorf("a link after 7 days is %d", got.code)
		}
	})
}

// TestPT9GuessesAreSlowed: who tries codes is asked to wait; others are not.
func TestPT9GuessesAreSlowed(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		guesser, other := b.as(t, nil), b.as(t, nil)
		other.remote = "198.51.100.7:1"
		slowed := 0
		for range 40 {
			if guesser.get(t, "/verify/2026-0000001/222222222222").code == http.StatusTooManyRequests {
				slowed++
			}
		}
		if slowed != 10 {
			t.Errorf("%d of 40 guesses were slowed, want 10", slowed)
		}
		if got := other.get(t, "/verify/2026-0000001/222222222222"); got.code != http.StatusOK {
			t.Errorf("another client is %d", got.code)
		}
		b.advance(t, 16*time.Minute)
		if got := guesser.get(t, "/verify/2026-0000001/222222222222"); got.code != http.StatusOK {
			t.Errorf("after a quarter of an hour: %d", got.code)
		}
	})
}

func TestHostileUploads(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	nobody := b.as(t, nil)
	if got := nobody.upload(t, nil); got.code != http.StatusUnprocessableEntity {
		t.Errorf("an empty file is %d", got.code)
	}
	if got := nobody.upload(t, make([]byte, 11<<20)); got.code != http.StatusRequestEntityTooLarge {
		t.Errorf("11 MB are %d", got.code)
	}
	for name, body := range map[string]string{"no multipart": "x", "torn": "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc", "many parts": strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n", 100) + "--b--\r\n"} {
		r := httptest.NewRequest(http.MethodPost, "/verify/file", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		if got := nobody.do(t, r); got.code < 400 || got.code > 499 {
			t.Errorf("%s is %d", name, got.code)
		}
	}
	for _, path := range []string{"/verify/%00/%ff", "/verify/x'--/y", "/shared/%00/%ff", "/services/%00"} {
		if got := nobody.get(t, path); got.code >= 500 {
			t.Errorf("%s is %d", path, got.code)
		}
	}
	if got := nobody.post(t, "/verify", "number", "2026-1", "code", strings.Repeat("ы", 5000)); got.code != http.StatusUnprocessableEntity {
		t.Errorf("bad fields are %d", got.code)
	}
}

// TestPT16WhoLooked: every system's records, merged; silent systems are named;
// another person's records are never shown.
func TestPT16WhoLooked(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient := b.as(t, &demo.Patient)
		document := patient.issue(t)
		pdf := patient.get(t, document+"/pdf").body
		b.as(t, nil).upload(t, []byte(pdf))
		b.away[exchangeapi.Insurance].Store(true)
		for _, l := range text.Langs {
			patient.lang = l
			patient.get(t, "/my/accesses")
		}
		patient.lang = text.RU
		page := patient.get(t, "/my/accesses").body
		for _, want := range []string{"Открыла patient-card", "Открыла population-register", "Открыла esi", "Асанова", "врач", "Первая больница", "Неизвестное лицо", "Проверил(а) подлинность документа", "Сейчас не ответили: ФОМС"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		if strings.Contains(page, "somebody else") {
			t.Error("another person's record is shown")
		}
		if strings.Index(page, "Проверил(а)") > strings.Index(page, "Открыла patient-card") {
			t.Error("the newest is not first")
		}
		filtered := patient.get(t, "/my/accesses?system=card").body
		if !strings.Contains(filtered, "Открыла patient-card") || strings.Contains(filtered, "Открыла esi") {
			t.Error("the filter does not filter")
		}
		patient.get(t, "/my/accesses?system=%00%3Cscript%3E")
	})
}

// TestPT9OtherSystemsCheck: the contract, and a document changed in the portal's
// own database.
func TestPT9OtherSystemsCheck(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient := b.as(t, &demo.Patient)
		document := patient.issue(t)
		shown := patient.get(t, document)
		code := find(t, shown.body, `sn-number">([2-9A-Z]{12})<`)
		ask := portalapi.Client{Exchange: &exchangeapi.Client{Self: exchangeapi.Card, Address: b.url, Key: key}}
		verdict, err := ask.Verify(t.Context(), portalapi.Query{Number: "2026-0000001", Code: code})
		if err != nil || !verdict.Authentic || verdict.Holder != "Ж. Э. А., 2 •••••••• •••17" || verdict.IssuedBy.RU != "Первая больница" {
			t.Errorf("%+v, %v", verdict, err)
		}
		for _, q := range []portalapi.Query{{}, {Number: "2026-0000001"}, {Number: "2026-0000001", Code: "222222222222"}, {SHA256: "x"}, {SHA256: strings.Repeat("0", 64)}, {Number: "\x07", Code: "\x07"}} {
			if verdict, err := ask.Verify(t.Context(), q); err != nil || verdict.Authentic {
				t.Errorf("%+v: %+v, %v", q, verdict, err)
			}
		}
		pdf := []byte(patient.get(t, document+"/pdf").body)
		pdf[100] ^= 1
		err = dbtest.Open(t, b.env.Database, "portal", migration.Sets...).Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE document SET pdf = $1`, pdf)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if verdict, err := ask.Verify(t.Context(), portalapi.Query{Number: "2026-0000001", Code: code}); err != nil || verdict.Authentic {
			t.Errorf("a document changed in the database: %+v, %v", verdict, err)
		}
		b.away[exchangeapi.Signature].Store(true)
		if _, err := ask.Verify(t.Context(), portalapi.Query{Number: "2026-0000001", Code: code}); err != nil && !fail.Is(err, fail.Unavailable) {
			t.Error(err)
		}
	})
}
