package e2e_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// actor does an act as a person would and counts what it takes: clicks of a mouse, or
// keys that only steer (shortcuts, Tab, arrows, Enter). What is typed because it is
// new to the system (a ПИН, a text, a value) is not counted: it is the same everywhere.
type actor struct {
	*browser
	clicks, keys int
	due          int // doses that were due when the round was opened
}

// click clicks what the script finds; it must be in sight.
func (h *actor) click(find string) {
	h.t.Helper()
	h.waitFor(`!!` + find + ` && ` + find + `.checkVisibility()`)
	h.clicks++
	h.leave(find + `.click()`)
}

// says finds the button, link or label with just these words.
func says(words string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("main button, main a, main label, nav a")].find(e => e.innerText.trim().replace(/\s+\d+$/, "") === %q && e.checkVisibility())`, words)
}

func field(name string) string {
	return fmt.Sprintf(`document.querySelector('[name=%q]:not([type=hidden])')`, name)
}

// into clicks into a field and types.
func (h *actor) into(name, words string) {
	h.t.Helper()
	h.click(field(name))
	h.fill(name, words)
}

// list opens a list and takes an answer: two clicks.
func (h *actor) list(name, value string) {
	h.t.Helper()
	h.clicks += 2
	h.set(name, value)
}

// suggested types into a field and clicks what is suggested.
func (h *actor) suggested(name, words string) {
	h.t.Helper()
	h.clicks += 2
	h.pick(name, words, words)
}

// key presses keys that steer.
func (h *actor) key(keys ...string) {
	h.t.Helper()
	h.keys += len(keys)
	h.browser.keys(keys...)
}

// short presses a letter or digit as a shortcut, by its place on the keyboard.
func (h *actor) short(key, code string) {
	h.t.Helper()
	h.keys++
	h.shortcut(key, code)
}

func (h *actor) n() { h.t.Helper(); h.settled(); h.short("n", "KeyN") }

// open goes by a digit to a section and waits until it is there.
func (h *actor) section(key, code, path string) {
	h.t.Helper()
	h.settled()
	h.short(key, code)
	h.arrive(path)
}

// find is Ctrl+K with what is looked for.
func (h *actor) find(words string) {
	h.t.Helper()
	h.settled()
	h.keys++
	h.do(chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	h.waitFor(`document.activeElement.name === "q"`)
	h.browser.keys(words)
	h.enter()
}

// enter presses Enter and waits for the next page.
func (h *actor) enter() { h.t.Helper(); h.goesOn(kb.Enter) }

// send is Ctrl+Enter.
func (h *actor) send() {
	h.t.Helper()
	h.goesOn(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
}

func (h *actor) goesOn(key string, with ...chromedp.KeyOption) {
	h.t.Helper()
	h.keys++
	eval[bool](h.browser, `window.__here = true`)
	h.do(chromedp.KeyEvent(key, with...))
	h.waitFor(`window.__here !== true && document.readyState === "complete"`)
	h.settled()
}

// tabs walks with Tab until the focus is where the script accepts.
func (h *actor) tabs(what, accepts string) {
	h.t.Helper()
	for range 80 {
		h.key(kb.Tab)
		if eval[bool](h.browser, `(e => `+accepts+`)(document.activeElement)`) {
			return
		}
	}
	h.t.Fatalf("Tab never comes to %s at %s", what, h.where())
}

// first takes the first suggestion for what is typed where the focus is.
func (h *actor) first(words string) {
	h.t.Helper()
	h.browser.keys(words)
	h.waitFor(fmt.Sprintf(`(o => o && o.checkVisibility() && o.innerText.toLowerCase().includes(%q.toLowerCase()))(document.querySelector("[role=option]"))`, words))
	h.key(kb.ArrowDown, kb.Enter)
}

// focused waits until the field has the focus.
func (h *actor) focused(name string) {
	h.t.Helper()
	h.waitFor(fmt.Sprintf(`document.activeElement.name === %q`, name))
}

// The daily acts take as many clicks and keys as docs/acts.md says: it fails when an
// act gets longer, and when the page should say that it got shorter.
func TestActsTakeWhatThePageSays(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	said := actsSaid(t)
	enter := func(name string, p demo.Person, sees string) *actor {
		b := open(t, name, 1440, "ru")
		b.goTo(w.site["card"] + "/sign-in")
		b.signIn(w, p)
		b.seeAfterReload(sees)
		return &actor{browser: b}
	}
	ward := day{t: t, w: w, said: said, doctor: enter("doctor", demo.Doctor, "Кадырова"), nurse: enter("nurse", demo.Nurse, "Кадырова")}
	ward.doctor.leave(`[...document.querySelectorAll("a.sn-bed")].find(a => a.innerText.includes("Кадырова")).click()`)
	ward.stay = strings.TrimSuffix(ward.doctor.where(), "/")
	ward.write()
	ward.note()
	ward.round()
	ward.diagnose()
	ward.change()
	ward.admit()
	surgeon := enter("surgeon", demo.Surgeon, "Усенов")
	ward.transfer(surgeon)
	// Who was admitted last lies in the first bed; nobody leaves in the minute of the admission.
	time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
	ward.discharge(surgeon)
	ward.death()
	for act := range said {
		t.Errorf("docs/acts.md counts an act that is not tried: %s", act)
	}
}

// day is the ward on which the acts are tried.
type day struct {
	t             *testing.T
	w             world
	said          map[string][2]int
	doctor, nurse *actor
	stay          string
}

// actsSaid is what docs/acts.md says of each act: clicks and keys.
func actsSaid(t *testing.T) map[string][2]int {
	t.Helper()
	page, err := os.ReadFile("../docs/acts.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string][2]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|[^|]*\\| (\\d+) \\| (\\d+) \\|").FindAllStringSubmatch(string(page), -1) {
		clicks, _ := strconv.Atoi(m[2])
		keys, _ := strconv.Atoi(m[3])
		said[m[1]] = [2]int{clicks, keys}
	}
	return said
}

// act does one act twice, with the mouse and with the keyboard alone, each from the
// page given, and compares what it took.
func (d day) act(name string, h *actor, from string, mouse, keyboard func()) {
	d.t.Helper()
	var took [2]int
	for i, way := range []func(){mouse, keyboard} {
		h.goTo(from)
		h.settled()
		h.clicks, h.keys = 0, 0
		way()
		took[i] = h.clicks + h.keys
		if i == 0 && h.keys > 0 || i == 1 && h.clicks > 0 {
			d.t.Errorf("%s: %d clicks, %d keys in one way", name, h.clicks, h.keys)
		}
	}
	d.t.Logf("%-22s %2d clicks, %2d keys", name, took[0], took[1])
	if want, ok := d.said[name]; !ok {
		d.t.Errorf("docs/acts.md does not count %s: %d clicks, %d keys", name, took[0], took[1])
	} else if want != took {
		d.t.Errorf("%s takes %d clicks and %d keys; docs/acts.md says %d and %d", name, took[0], took[1], want[0], want[1])
	}
	delete(d.said, name)
}

func (d day) board() string { return d.w.site["card"] + "/ward?department=" + demo.Therapy }

// write: the diary and an order.
func (d day) write() {
	h := d.doctor
	d.act("diary", h, d.board(), func() {
		h.click(`[...document.querySelectorAll("a.sn-bed")].find(a => a.innerText.includes("Кадырова"))`)
		h.click(says("Перенести прошлую запись"))
		h.click(says("Обход терапевта"))
		h.into("body", "Жалоб нет.")
		h.click(says("Записать и подписать"))
		h.see("Запись подписана")
	}, func() {
		h.n() // the first who lies there
		h.enter()
		h.n()
		h.focused("body")
		h.tabs("the last entry", `e.value === "copy"`)
		h.enter()
		h.n()
		h.tabs("the template", `e.innerText === "Обход терапевта"`)
		h.enter()
		h.n()
		h.browser.keys("Жалоб нет.")
		h.send()
		h.see("Запись подписана")
	})
	drug := 0
	d.act("order", h, d.stay, func() {
		drug++
		h.click(says("Назначения"))
		h.into("text", "Аскорбиновая кислота")
		h.into("dose", "100 мг")
		h.into("times", "2 раза в день")
		h.click(says("Назначить"))
		h.see("Аскорбиновая кислота")
	}, func() {
		h.section("2", "Digit2", "/orders")
		h.n()
		h.focused("text")
		h.browser.keys("Тиамин")
		h.key(kb.Tab)
		h.browser.keys("50 мг")
		h.key(kb.Tab)
		h.browser.keys("2 раза в день")
		h.send()
		h.see("Тиамин")
	})
}

// doses is how many doses are due on the page of the round.
func (h *actor) doses() int {
	return eval[int](h.browser, `document.querySelectorAll("[name^=given-]").length`)
}

// given waits until so many of the doses that were due are marked. What the page
// counts as marked is of its day: shortly after midnight those of the evening are not.
func (d day) given(n int) {
	d.nurse.see("Отмечено.")
	if now := d.nurse.doses(); now != d.nurse.due-n {
		d.t.Errorf("%d doses were due, %d are left", d.nurse.due, now)
	}
}

// round: ten doses, and the measurements of a ward.
func (d day) round() {
	h := d.nurse
	hour := time.Now().In(clock.Bishkek).Add(20 * time.Minute).Format("15:04")
	for i := range 20 { // ten for each way
		d.doctor.goTo(d.stay + "/orders")
		for name, value := range map[string]string{"text": fmt.Sprintf("Проба %d", i+1), "dose": "1", "hours": hour} {
			d.doctor.set(name, value)
		}
		d.doctor.submit("text")
	}
	ten := `[...document.querySelectorAll("[name^=given-]")].filter(e => e.closest("tr").innerText.includes("Проба"))`
	d.act("ten-doses", h, d.board(), func() {
		h.click(says("Назначения на сегодня"))
		h.due = h.doses()
		for i := range 10 {
			h.click(fmt.Sprintf(`%s[%d]`, ten, i))
		}
		h.click(says("Записать отмеченное"))
		d.given(10)
	}, func() {
		h.section("5", "Digit5", "/ward/round")
		h.due = h.doses()
		h.n()
		for range 9 {
			h.key(" ", kb.ArrowDown)
		}
		h.key(" ")
		h.send()
		d.given(10)
	})
	d.act("temperature", h, d.stay, func() {
		h.click(says("Измерения"))
		h.fill("line", "36,7 74 118/78") // the field has the focus
		h.click(says("Записать"))
		h.see("36,7")
	}, func() {
		h.section("3", "Digit3", "/vitals")
		h.focused("line")
		h.browser.keys("36,9 76 120/80")
		h.enter()
		h.see("36,9")
	})
	four := `[...document.querySelectorAll("[name^=line-]")]`
	d.act("temperature-of-three", h, d.board(), func() {
		h.click(says("Измерения"))
		for i := range 3 {
			h.click(fmt.Sprintf(`%s[%d]`, four, i))
			h.fill(eval[string](h.browser, fmt.Sprintf(`%s[%d].name`, four, i)), "36,6 72")
		}
		h.click(says("Записать"))
		h.see("36,6")
	}, func() {
		h.section("6", "Digit6", "/ward/vitals")
		h.n()
		for i := range 3 {
			if i > 0 {
				h.tabs("the next patient", `e.name?.startsWith("line-")`)
			}
			h.browser.keys("36,8 70")
		}
		h.enter()
		h.see("36,8")
	})
}

// diagnose: another diagnosis.
func (d day) diagnose() {
	h := d.doctor
	d.act("diagnosis", h, d.stay, func() {
		h.click(says("Диагнозы"))
		h.list("rank", "comorbid")
		h.suggested("icd", "I10")
		h.click(says("Записать диагноз"))
		h.see("I10")
	}, func() {
		h.section("9", "Digit9", "/diagnoses")
		h.n()
		h.focused("icd_text")
		h.keys++
		h.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
		h.focused("rank")
		h.key(kb.ArrowDown, kb.ArrowDown, kb.Tab)
		h.first("E11.9")
		h.send()
		h.see("E11.9")
	})
}

// admit: who comes with a referral, and whom nobody knows.
func (d day) admit() {
	h := d.doctor
	admitted := func() {
		h.t.Helper()
		h.waitFor(`location.pathname.startsWith("/stays/")`)
	}
	free := `[...document.querySelectorAll("a.sn-bed")].find(a => a.innerText.includes("свободна"))`
	d.act("admit-planned", h, d.board(), func() {
		h.click(free)
		h.click(`document.querySelector('main a[href*="&place="]')`)
		h.click(says("Госпитализировать"))
		admitted()
	}, func() {
		h.n()
		for !eval[bool](h.browser, `document.activeElement.innerText.includes("свободна")`) {
			h.key(kb.ArrowRight)
		}
		h.enter()
		h.n()
		h.enter()
		h.n()
		h.focused("place")
		h.send()
		admitted()
	})
	d.act("admit-unknown", h, d.board(), func() {
		h.click(says("Пациенты"))
		h.click(says("Зарегистрировать пациента без ПИН"))
		h.click(`document.querySelector("[name=kind][value=unknown]")`)
		h.click(`document.querySelector("[name=sex][value=male]")`)
		h.into("age", "50")
		h.into("description", "Без документов, с вокзала.")
		h.clicks++
		h.submit("description")
		h.arrive("/admit")
		h.list("brought_by", "ambulance")
		h.suggested("admission", "S06.0")
		h.clicks += 2
		h.bed(demo.Therapy)
		h.click(says("Госпитализировать"))
		admitted()
	}, func() {
		h.find("")
		h.n()
		h.enter()
		h.n()
		h.key(" ", kb.Tab, kb.ArrowDown, kb.Tab) // who is not known, a man
		h.focused("age")
		h.browser.keys("50")
		h.tabs("the description", `e.name === "description"`)
		h.browser.keys("Без документов, с базара.")
		h.send()
		h.arrive("/admit")
		h.n()
		h.focused("brought_by")
		for !eval[bool](h.browser, `document.activeElement.value === "ambulance"`) {
			h.key(kb.ArrowDown)
		}
		h.tabs("the diagnosis", `e.name === "admission_text"`)
		h.first("S06.0")
		h.tabs("the place", `e.name === "place"`)
		h.key(kb.ArrowDown)
		h.send()
		admitted()
	})
}
