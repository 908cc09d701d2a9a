package identity_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/facetest"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/registration"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// residents is a population register: the people of the demo.
type residents struct {
	changed map[string]func(*populationapi.Person)
	away    bool
}

func (g *residents) Person(_ context.Context, digits string) (populationapi.Person, error) {
	if g.away {
		return populationapi.Person{}, fail.New(fail.Unavailable, "kit.unavailable")
	}
	for _, p := range demo.People() {
		if p.PIN != digits {
			continue
		}
		birth, _ := pin.BirthDate(p.PIN)
		found := populationapi.Person{
			PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic, BirthDate: birth, Sex: pin.Sex(p.PIN), Citizenship: "KGZ",
			Passport: populationapi.Passport{Series: p.Passport[:2], Number: p.Passport[2:], Expires: clock.Date{Year: 2030, Month: 3, Day: 12}, Issuer: "МКК 211031"},
		}
		if change := g.changed[digits]; change != nil {
			change(&found)
		}
		return found, nil
	}
	return populationapi.Person{}, fail.New(fail.NotFound, "kit.not_found")
}

func (h *house) populate(g *residents) {
	h.t.Helper()
	h.serve(exchangeapi.Population, func(p *exchangeapi.Provider) { populationapi.Serve(p, g) })
}

// newcomer is somebody whom the register knows and ЕСИ does not.
var newcomer = demo.Residents[0]

func jpegOf(picture image.Image) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, picture, &jpeg.Options{Quality: 92})
	return b.Bytes()
}

// send uploads a photo as the browser's form does.
func (b *browser) send(address string, photo []byte, confirmed string) shown {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("photo", "photo.jpg")
	_, _ = part.Write(photo)
	_ = form.WriteField("confirmed", confirmed)
	_ = form.Close()
	r, err := http.NewRequest(http.MethodPost, address, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

const (
	newPhone = "+996555123456"
	newEmail = "janyrak@example.kg"
)

// toPhoto walks from the passport to the photo's page.
func (h *house) toPhoto(b *browser, p shown) shown {
	h.t.Helper()
	p.must(http.StatusOK, "Соглашение и конфиденциальность")
	b.submit(p, "/register/agreement", "agreement", "1").must(http.StatusUnprocessableEntity, "Чтобы продолжить, поставьте отметку")
	p = b.submit(p, "/register/agreement", "agreement", "1", "privacy", "1").must(http.StatusOK, "Ваш телефон")
	b.submit(p, "/register/phone", "phone", "0312 61 23 45").must(http.StatusUnprocessableEntity)
	h.inbox.clear()
	p = b.submit(p, "/register/phone", "phone", "0555 123 456").must(http.StatusOK, "Код подтверждения")
	code := h.inbox.code(h.t, newPhone)
	b.submit(p, "/register/phone/code", "code", othertest.Than(code)).must(http.StatusUnprocessableEntity)
	p = b.submit(p, "/register/phone/code", "code", code).must(http.StatusOK, "Ваша электронная почта")
	p = b.submit(p, "/register/email", "email", newEmail).must(http.StatusOK, "Код подтверждения")
	return b.submit(p, "/register/email/code", "code", h.inbox.code(h.t, newEmail)).must(http.StatusOK, "Ваша фотография")
}

func (h *house) toReview(b *browser, p shown) shown {
	h.t.Helper()
	h.toPhoto(b, p)
	p = b.send(h.base+"/register/photo", jpegOf(facetest.Drawn(720, 960, 1, facetest.Head{X: 360, Y: 440, R: 190})), "").must(http.StatusOK, "Лицо хорошо видно?")
	p = b.submit(p, "/register/photo/confirm").must(http.StatusOK, "Ещё один снимок")
	return b.send(h.base+"/register/alive", taskDone(p), "1").must(http.StatusOK, "Проверьте данные", "555")
}

var taskShown = regexp.MustCompile(`data-task="(\w+)"`)

// taskDone is the second photo, on which the page's task is done.
func taskDone(p shown) []byte {
	p.t.Helper()
	task := taskShown.FindStringSubmatch(p.body)
	if task == nil {
		p.t.Fatalf("no task on %s:\n%s", p.url, p.words())
	}
	return jpegOf(facetest.Drawn(720, 960, 1, map[string]facetest.Head{
		"closer": {X: 350, Y: 450, R: 265, Turn: 0.12}, "left": {X: 240, Y: 430, R: 195, Turn: -0.12}, "right": {X: 480, Y: 450, R: 185, Turn: 0.12},
	}[task[1]]))
}

// ID-2, ID-5, ID-16: ПИН and passport, agreement, phone, e-mail, photo,
// «Регистрация»; the account is the person's, at level low.
func TestAPersonRegisters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		b := h.browser()
		b.get(h.base+"/register").must(http.StatusOK, "Регистрация в ЕСИ", "паспорт или ID-карта")
		p := b.get(h.base + "/register/passport")
		p = b.submit(p, "/register/passport", "pin", newcomer.PIN, "passport", "id 1000551")
		// Nobody gets ahead of the way.
		b.get(h.base+"/register/review").must(http.StatusOK, "Соглашение и конфиденциальность")
		p = h.toReview(b, p)
		if !h.inbox.has("Код регистрации в ЕСИ") {
			t.Error("the letter does not say what its code is for")
		}
		b.stay().submit(p, "/register/review").must(http.StatusSeeOther)
		b.get(h.base+"/").must(http.StatusOK, "Кадырова Мээрим Болотовна")
		b.get(h.base+"/security").must(http.StatusOK, "+996")
		d := h.db()
		var level, version, lang, state, proof string
		if err := d.Read.QueryRow(`SELECT a.level, g.version, g.lang, r.state, r.proof FROM account a JOIN agreement g ON g.account_id = a.id
			JOIN registration r ON r.account_id = a.id WHERE a.pin = $1 AND a.phone = $2 AND a.email = $3 AND a.password = ''`,
			newcomer.PIN, newPhone, newEmail).Scan(&level, &version, &lang, &state, &proof); err != nil {
			t.Fatal(err)
		}
		if level != "low" || version == "" || lang != "ru" || state != "finished" || proof != "waiting" {
			t.Errorf("%s %s %s %s %s", level, version, lang, state, proof)
		}
		var sealed string
		if err := d.Read.QueryRow(`SELECT sealed FROM photo WHERE kind = 'face' AND account_id <> ''`).Scan(&sealed); err != nil || len(sealed) < 1000 {
			t.Fatalf("the photo is not kept: %v, %d letters", err, len(sealed))
		}
		// What a picture begins with may come anywhere in what is sealed: it is no picture if none can be read.
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if data, err := encoding.DecodeString(sealed); err == nil {
				if _, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
					t.Error("the photo is not sealed")
				}
			}
		}
	})
}

// Data that do not fit are refused alike: whatever does not fit, and whether
// the ПИН exists or has an account.
func TestDataThatDoNotFitAreRefusedAlike(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	expired, dead := demo.Residents[1], demo.Residents[2]
	h.populate(&residents{changed: map[string]func(*populationapi.Person){
		expired.PIN: func(p *populationapi.Person) { p.Passport.Expires = clock.Date{Year: 2020, Month: 1, Day: 1} },
		dead.PIN:    func(p *populationapi.Person) { p.Deceased = true },
	}})
	answers := map[string][]string{}
	for name, try := range map[string][2]string{
		"no such ПИН":          {"11503198599999", "ID1000551"},
		"another passport":     {newcomer.PIN, "ID9999999"},
		"has an account":       {demo.Patient.PIN, "ID9999999"},
		"a passport run out":   {expired.PIN, expired.Passport},
		"a person who is dead": {dead.PIN, dead.Passport},
	} {
		b := h.browser()
		p := b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", try[0], "passport", try[1])
		p.must(http.StatusUnprocessableEntity, "С такими данными зарегистрировать не удаётся")
		said := strings.ReplaceAll(b.seen(p, try[0]), try[1], "")
		answers[said] = append(answers[said], name)
	}
	if len(answers) != 1 {
		t.Errorf("told apart: %v", answers)
	}
}

// Who registers a ПИН that has an account walks the same way; the owner is told
// on the contacts that are theirs, and nothing of the account changes.
func TestARegisteredPINIsNotGivenAway(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		b := h.browser()
		p := b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", demo.Patient.PIN, "passport", demo.Patient.Passport)
		p = h.toReview(b, p)
		h.inbox.clear()
		p = b.submit(p, "/register/review").must(http.StatusOK, "Заявление принято", "в течение рабочего дня")
		known := b.seen(p, demo.Patient.PIN)
		h.eventually("the owner is not told", func() bool {
			h.inbox.mu.Lock()
			defer h.inbox.mu.Unlock()
			for _, m := range h.inbox.messages {
				if m.Address == demo.Patient.Phone && strings.Contains(m.Subject.RU, "пытался зарегистрироваться") && strings.Contains(m.Body.KY, "катталуунун кереги жок") {
					return true
				}
			}
			return false
		})
		h.inbox.mu.Lock()
		for _, m := range h.inbox.messages {
			if m.Address == newPhone || m.Address == newEmail {
				t.Errorf("a stranger is told %q", m.Subject.RU)
			}
		}
		h.inbox.mu.Unlock()
		var phone, level string
		if err := h.db().Read.QueryRow(`SELECT phone, level FROM account WHERE pin = $1`, demo.Patient.PIN).Scan(&phone, &level); err != nil || phone != demo.Patient.Phone || level != "substantial" {
			t.Errorf("the account was changed: %s %s %v", phone, level, err)
		}
		// Somebody in doubt, without an account, ends at the same page.
		other := h.browser()
		p = other.submit(other.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", "ID7654321", "doubt", "1")
		p = other.submit(p.must(http.StatusOK, "Почему данные могут не совпадать"), "/register/doubt", "doubt", "new_passport",
			"family_name", "Кадырова", "given_name", "Мээрим", "birth_date", "1992-04-03")
		h.clock.advance(20 * time.Minute) // beyond the limit of codes to one address
		h.toPhoto(other, p)
		other.send(h.base+"/register/photo", jpegOf(facetest.Drawn(720, 960, 1, facetest.Head{X: 360, Y: 440, R: 190})), "1").must(http.StatusOK, "Снимок паспорта")
		p = other.get(h.base+"/register/review").must(http.StatusOK, "Данные посмотрит оператор", "Кадырова Мээрим")
		p = other.submit(p, "/register/review").must(http.StatusOK, "Заявление принято")
		sameSeen(t, []string{other.seen(p, newcomer.PIN)}, []string{known})
	})
}

// After three photos that a machine does not take, an operator may look.
func TestAPhotoInDoubtGoesToAnOperator(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	b := h.browser()
	h.toPhoto(b, b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport))
	b.send(h.base+"/register/photo", nil, "").must(http.StatusUnprocessableEntity, "Сначала выберите снимок")
	nobody := jpegOf(facetest.Drawn(720, 960, 1))
	for range 2 {
		b.send(h.base+"/register/photo", nobody, "1").must(http.StatusUnprocessableEntity, "На фотографии не видно лица")
	}
	p := b.send(h.base+"/register/photo", nobody, "1").must(http.StatusOK, "После трёх попыток снимок может посмотреть оператор")
	b.submit(p, "/register/photo/confirm").must(http.StatusOK, "Снимок паспорта")
	p = b.send(h.base+"/register/document", jpegOf(image.NewRGBA(image.Rect(0, 0, 800, 600))), "").must(http.StatusOK, "Проверьте данные", "Добавлен")
	b.submit(p, "/register/review").must(http.StatusOK, "Заявление принято")
	var accounts, sealed int
	d := h.db()
	_ = d.Read.QueryRow(`SELECT COUNT(*) FROM account WHERE pin = $1`, newcomer.PIN).Scan(&accounts)
	_ = d.Read.QueryRow(`SELECT COUNT(*) FROM photo`).Scan(&sealed)
	if accounts != 0 || sealed != 2 {
		t.Errorf("%d accounts, %d photos", accounts, sealed)
	}
}

func TestARegistrationIsItsBrowsersAndRunsOut(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	b := h.browser()
	b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport)
	b.get(h.base+"/register").must(http.StatusOK, "Вы уже начали регистрацию")
	other := h.browser()
	other.get(h.base + "/register")
	other.get(h.base+"/register/review").must(http.StatusOK, "начата в другом браузере")
	other.post(h.base+"/register/review", nil).must(http.StatusGone)
	h.browser().post(h.base+"/register/review", nil).must(http.StatusGone) // of no page of ours
	h.clock.advance(25 * time.Hour)
	b.get(h.base+"/register/phone").must(http.StatusOK, "Регистрация устарела")
}

func TestGuessingPassportsIsLimited(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	for _, digits := range []string{newcomer.PIN, "11503198599999"} { // known and unknown alike
		b := h.browser()
		page := b.get(h.base + "/register/passport")
		for range 6 {
			b.submit(page, "/register/passport", "pin", digits, "passport", "ID9999999").must(http.StatusUnprocessableEntity, "не удаётся")
		}
		p := b.submit(page, "/register/passport", "pin", digits, "passport", newcomer.Passport)
		if strings.Contains(p.words(), "Соглашение и") || strings.Contains(p.words(), "не удаётся") {
			t.Errorf("a seventh guess is answered:\n%s", p.words())
		}
	}
}

// sweep does the daily deleting of registrations.
func (h *house) sweep() {
	h.t.Helper()
	d := h.db()
	g := &registration.Registrations{DB: d, Clock: h.clock, Door: &door.Door{}}
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error { return g.Sweep(ctx, tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// Photos go when they are needed no more (docs/operate.md, limits and lifetimes).
func TestPhotosAndRegistrationsAreNotKeptForEver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		count := func(what string) (n int) {
			t.Helper()
			if err := h.db().Read.QueryRow(`SELECT COUNT(*) FROM ` + what).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		h.doubted() // sent: an operator is waited for
		left := h.browser()
		h.clock.advance(20 * time.Minute)
		p := left.submit(left.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport)
		h.toPhoto(left, p)
		left.send(h.base+"/register/photo", portrait, "").must(http.StatusOK)
		if n := count("photo"); n != 3 {
			t.Fatalf("%d photos", n)
		}
		h.clock.advance(25 * time.Hour)
		h.sweep()
		if photos, registrations := count("photo"), count("registration"); photos != 2 || registrations != 1 {
			t.Errorf("after a day: %d photos, %d registrations; what an operator is waited for stays", photos, registrations)
		}
		b, _ := h.atConsole()
		b.decide(h.caseOf(b), "refused", "паспорт чужой").must(http.StatusOK, "Решение сохранено")
		h.clock.advance(29 * 24 * time.Hour)
		h.sweep()
		if n := count("photo"); n != 2 {
			t.Errorf("%d photos of a refused registration after 29 days: the person may complain", n)
		}
		h.clock.advance(2 * 24 * time.Hour)
		h.sweep()
		if n := count("photo"); n != 0 {
			t.Errorf("%d photos of a refused registration after 31 days", n)
		}
		h.clock.advance(366 * 24 * time.Hour)
		h.sweep()
		if n := count("registration"); n != 0 {
			t.Errorf("%d registrations after a year", n)
		}
	})
}

// What the app keeps on a device is one person's: it goes with the sign-out, and
// when somebody else signs in.
func TestTheDeviceForgetsThePerson(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	b := h.browser()
	p := h.signIn(b, b.get(h.base+"/app"), demo.Patient).must(http.StatusOK, "Мои документы", "Жумабеков")
	if p.header.Get("X-Kept-Until") == "" || p.header.Get("Clear-Site-Data") != "" {
		t.Errorf("%v", p.header)
	}
	h.inbox.clear()
	form := b.submit(b.get(h.base+"/sign-in?next=/app/"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password)
	p = b.stay().submit(form, "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Phone)).must(http.StatusSeeOther)
	if p.header.Get("Clear-Site-Data") != `"storage"` {
		t.Error("the other person's documents stay on the device")
	}
	b.get(h.base+"/app").must(http.StatusOK, "Асанова")
	p = b.stay().post(h.base+"/sign-out", nil).must(http.StatusSeeOther)
	if p.header.Get("Clear-Site-Data") != `"storage"` {
		t.Error("the documents stay on the device after the sign-out")
	}
	if p = b.get(h.base + "/app/"); p.header.Get("X-Kept-Until") != "" || strings.Contains(p.body, "Асанова") {
		t.Error("the documents are there for nobody")
	}
	b.get(h.base+"/app/install").must(http.StatusOK, "Установить приложение")
	b.get(h.base+"/app/offline").must(http.StatusOK, "Нет связи с сетью")
}
