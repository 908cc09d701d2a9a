package identity_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

const devicePIN = "2580"

// phone is the person's phone: signed in, and a device of theirs.
func (h *house) phone(person demo.Person) *browser {
	h.t.Helper()
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), person)
	p := b.get(h.base + "/app/device")
	p = b.submit(p, "/app/device", "name", "Телефон", "pin", devicePIN, "again", devicePIN)
	p.must(http.StatusOK, "Мои устройства", "Телефон", "Это устройство", "Устройство добавлено")
	return b
}

var (
	shownNumber = regexp.MustCompile(`sn-qr__number">(\d\d)<`)
	shownCode   = regexp.MustCompile(`sn-qr__typed">([A-Z0-9]{4}-[A-Z0-9]{4})<`)
	qrTab       = regexp.MustCompile(`href="(/sign-in/qr[^"]*)"`)
)

// waiting is a browser that shows a QR code.
type waiting struct {
	*browser
	page         shown
	number, code string
}

func (h *house) wait(from string) waiting {
	h.t.Helper()
	b := h.browser()
	b.agent = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
	p := b.get(from)
	tab := qrTab.FindStringSubmatch(p.body)
	if tab == nil {
		h.t.Fatalf("no way by QR code on %s", p.words())
	}
	p = b.get(h.base + strings.ReplaceAll(tab[1], "&amp;", "&"))
	p.must(http.StatusOK, "Ждём подтверждения")
	number, code := shownNumber.FindStringSubmatch(p.body), shownCode.FindStringSubmatch(p.body)
	if number == nil || code == nil {
		h.t.Fatal("neither number nor code is shown")
	}
	return waiting{b, p, number[1], code[1]}
}

func (w waiting) state() string {
	return w.get(w.page.url.Scheme + "://" + w.page.url.Host + "/sign-in/qr/state").body
}

// ID-11: a system asks, another screen shows a code, the phone approves.
func TestAPhoneApprovesTheSignInOfAnotherBrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		phone := h.phone(demo.Patient)
		screen := h.wait(h.portal.base + "/")
		if !strings.Contains(screen.state(), "waiting") {
			t.Fatal(screen.state())
		}
		screen.submit(screen.page, "/sign-in/qr").must(http.StatusUnprocessableEntity, "не подтверждён")
		screen = h.wait(h.portal.base + "/")
		p := phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", strings.ToLower(screen.code))
		p.must(http.StatusOK, "Подтвердить вход?", "Государственный портал электронных услуг", "Firefox · Windows")
		phone.submit(p, "/app/approve", "code", screen.code, "number", screen.number, "pin", "0001", "decision", "approve").
			must(http.StatusUnprocessableEntity, "PIN-код неверен. Осталось 4 попытки.")
		phone.submit(p, "/app/approve", "code", screen.code, "number", screen.number, "pin", devicePIN, "decision", "approve")
		if !strings.Contains(screen.state(), "approved") {
			t.Fatal(screen.state())
		}
		// Nobody else's browser can use it.
		stranger := h.browser()
		stranger.submit(stranger.get(h.base+"/sign-in/qr"), "/sign-in/qr").must(http.StatusUnprocessableEntity, "не подтверждён")
		// Of eight at once one enters.
		var all sync.WaitGroup
		entered := make(chan bool, 8)
		for range 8 {
			all.Go(func() {
				p := screen.stay().post(screen.page.url.String(), url.Values{})
				entered <- p.status == http.StatusSeeOther
			})
		}
		all.Wait()
		close(entered)
		count := 0
		for ok := range entered {
			if ok {
				count++
			}
		}
		if count != 1 {
			t.Fatalf("%d entered", count)
		}
		p = screen.get(h.portal.base + "/")
		claims := screen.submit(p.must(http.StatusOK, "Передача данных"), "/consent", "decision", "allow", "agreement", "1").claims()
		if claims.PIN != demo.Patient.PIN {
			t.Fatalf("%+v", claims)
		}
	})
}

// Who cannot see the screen has been led there by somebody else.
func TestAWrongNumberRefusesTheSignIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		phone := h.phone(demo.Patient)
		screen := h.wait(h.base + "/sign-in")
		number, _ := strconv.Atoi(screen.number)
		wrong := strconv.Itoa(10 + (number-10+1)%90)
		p := phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", screen.code)
		phone.submit(p, "/app/approve", "code", screen.code, "number", wrong, "pin", devicePIN, "decision", "approve").must(http.StatusForbidden, "Число не совпало")
		if !strings.Contains(screen.state(), "refused") {
			t.Fatal(screen.state())
		}
		phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", screen.code).must(http.StatusUnprocessableEntity, "Такой код не ожидается")
		screen.submit(screen.page, "/sign-in/qr").must(http.StatusUnprocessableEntity, "отклонён")
		// Said to be somebody else's.
		screen = h.wait(h.base + "/sign-in")
		p = phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", screen.code)
		phone.submit(p, "/app/approve", "code", screen.code, "decision", "refuse")
		if !strings.Contains(screen.state(), "refused") {
			t.Fatal(screen.state())
		}
		// Too late.
		screen = h.wait(h.base + "/sign-in")
		h.clock.advance(2*time.Minute + time.Second)
		if !strings.Contains(screen.state(), "gone") {
			t.Fatal(screen.state())
		}
	})
}

// ID-15: a device opens by its PIN, and after five wrong ones no more.
func TestADeviceOpensByItsPIN(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		phone := h.phone(demo.Patient)
		phone.post(h.base+"/sign-out", nil)
		p := phone.get(h.base + "/app/unlock")
		phone.submit(p, "/app/unlock", "pin", devicePIN)
		phone.get(h.base+"/security/devices").must(http.StatusOK, "Телефон", "Это устройство")
		// A new PIN.
		p = phone.get(h.base + "/security/devices/pin")
		phone.submit(p, "/security/devices/pin", "pin", "1209", "again", "1209").must(http.StatusUnprocessableEntity, "легко угадать") // born on 12.09.
		phone.submit(p, "/security/devices/pin", "pin", "7294", "again", "7295").must(http.StatusUnprocessableEntity, "не совпадают")
		phone.submit(p, "/security/devices/pin", "pin", "7294", "again", "7294").must(http.StatusOK, "PIN-код изменён")
		phone.post(h.base+"/sign-out", nil)
		p = phone.get(h.base + "/app/unlock")
		for left := 4; left > 0; left-- {
			phone.submit(p, "/app/unlock", "pin", devicePIN).must(http.StatusUnprocessableEntity, "Остал", strconv.Itoa(left))
		}
		phone.submit(p, "/app/unlock", "pin", devicePIN).must(http.StatusForbidden, "устройство удалено")
		phone.get(h.base+"/app/unlock").must(http.StatusOK, "Вход")
		if where := phone.get(h.base + "/app/unlock").url.Path; where != "/sign-in" {
			t.Error(where)
		}
		h.eventually("the person was not told", func() bool { return h.inbox.has("Устройство удалено") })
	})
}

// A new device needs a sign-in that is no older than ten minutes.
func TestADeviceIsAddedAfterAFreshSignInAlone(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Patient)
	h.clock.advance(11 * time.Minute)
	p := b.get(h.base + "/app/device")
	p.must(http.StatusOK, "Вход", "войдите ещё раз")
	p = h.signIn(b, p, demo.Patient)
	if p.must(http.StatusOK, "Добавить это устройство").url.Path != "/app/device" {
		t.Error(p.url)
	}
	// Where nobody is signed in, nothing of it is shown.
	for _, path := range []string{"/app/device", "/app/scan", "/security/devices", "/security/devices/pin"} {
		if p := h.browser().get(h.base + path); p.url.Path != "/sign-in" {
			t.Errorf("%s is shown to anybody", path)
		}
	}
}

// "This was not me" leaves no device by which a thief could come back.
func TestDisowningASignInRemovesTheDevices(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	phone := h.phone(demo.Patient)
	link := ""
	h.eventually("no notice of the device came", func() bool {
		h.inbox.mu.Lock()
		defer h.inbox.mu.Unlock()
		for _, m := range h.inbox.messages {
			if m.Subject.RU == "Добавлено новое устройство" && m.Link != "" {
				_, link, _ = strings.Cut(m.Link, "#")
			}
		}
		return link != ""
	})
	b := h.browser()
	p := b.submit(b.get(h.base+"/not-me"), "/not-me", "link", link)
	b.submit(p.must(http.StatusOK, "Добавлено новое устройство"), "/not-me/confirm", "link", link).must(http.StatusOK)
	if p := phone.get(h.base + "/app/unlock"); p.url.Path != "/sign-in" {
		t.Errorf("the device opens still: %s", p.words())
	}
}
