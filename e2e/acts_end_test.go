package e2e_test

import (
	"fmt"

	"github.com/chromedp/chromedp/kb"

	"github.com/sanarip/sanarip/demo"
)

// Acts of a stay's moves and end, counted for TestActsTakeWhatThePageSays.

// lies is the bed of the i-th who lies in the department.
func lies(i int) string {
	return fmt.Sprintf(`document.querySelectorAll("a.sn-bed[href^='/stays/']")[%d]`, i)
}

// transfer: asked by one department, refused by the other, asked again and taken
// over; each by its own doctor.
func (d day) transfer(surgeon *actor) {
	h, why := d.doctor, "Нужна операция."
	byMouse := func() {
		h.t.Helper()
		h.click(lies(1))
		h.click(says("Переводы"))
		h.list("to", demo.Surgery)
		h.into("why", why)
		h.click(says("Попросить"))
		h.see("Просьба отправлена")
	}
	byKeys := func() {
		h.t.Helper()
		h.n()
		h.enter()
		h.section("8", "Digit8", "/moves")
		h.n()
		h.focused("place")
		h.back("the department", `e.name === "to"`)
		for !eval[bool](h.browser, fmt.Sprintf(`document.activeElement.value === %q`, demo.Surgery)) {
			h.key(kb.ArrowDown)
		}
		h.key(kb.Tab)
		h.browser.keys(why)
		h.enter()
		h.see("Просьба отправлена")
	}
	board := d.w.site["card"] + "/ward?department=" + demo.Surgery
	asked := `document.querySelector("main a[href^='/ward/transfers/']")`
	d.act("transfer-asked", h, d.board(), byMouse, byKeys)
	d.act("transfer-refused", surgeon, board, func() {
		surgeon.click(asked)
		surgeon.click(`[...document.querySelectorAll("main summary")].find(e => e.innerText.trim() === "Отказать")`)
		surgeon.into("decision", "Мест нет.")
		surgeon.click(says("Отказать"))
		surgeon.see("Отказано, отделение")
	}, func() {
		surgeon.n() // who is to be taken over
		surgeon.enter()
		surgeon.n()
		surgeon.focused("bed")
		surgeon.tabs("the refusal", `e.matches("summary")`)
		surgeon.key(kb.Enter, kb.Tab)
		surgeon.focused("decision")
		surgeon.browser.keys("Мест нет.")
		surgeon.enter()
		surgeon.see("Отказано, отделение")
	})
	for _, way := range []func(){byMouse, byKeys} { // both again
		h.goTo(d.board())
		way()
	}
	d.act("transfer-taken", surgeon, board, func() {
		surgeon.click(asked)
		surgeon.clicks += 2
		surgeon.bedHere()
		surgeon.click(says("Принять"))
		surgeon.see("Пациент принят")
	}, func() {
		surgeon.n() // who is to be taken over
		surgeon.enter()
		surgeon.n()
		surgeon.focused("bed")
		surgeon.key(kb.ArrowDown)
		surgeon.send()
		surgeon.see("Пациент принят")
	})
}

// bedHere takes the first free bed of the list on the page.
func (h *actor) bedHere() {
	h.t.Helper()
	h.waitFor(`!!document.querySelector("[name=bed]")`)
	h.set("bed", eval[string](h.browser, `[...document.querySelector("[name=bed]").options].find(o => o.value !== "").value`))
}

// discharge: with nothing prepared, the final diagnosis from the one of the admission,
// the epicrisis composed of the history, result, form 066/у; and with both written
// before. Each on a ward of its own: a discharge empties a bed.
func (d day) discharge(surgeon *actor) {
	surgery := d.w.site["card"] + "/ward?department=" + demo.Surgery
	d.act("discharge", d.doctor, d.board(), func() {
		d.doctor.opened()
		d.doctor.prepare()
		d.doctor.end()
	}, func() {
		d.doctor.openedByKeys()
		d.doctor.prepareByKeys()
		d.doctor.endByKeys()
	})
	d.act("discharge-ready", surgeon, surgery, func() {
		surgeon.opened()
		surgeon.prepare()
		surgeon.goTo(surgery)
		surgeon.clicks = 0
		surgeon.opened()
		surgeon.end()
	}, func() {
		surgeon.openedByKeys()
		surgeon.prepareByKeys()
		surgeon.goTo(surgery)
		surgeon.settled()
		surgeon.keys = 0
		surgeon.openedByKeys()
		surgeon.endByKeys()
	})
}

// opened opens from the board the discharge of the first who lies there.
func (h *actor) opened() {
	h.t.Helper()
	h.click(lies(0))
	h.click(says("Выписка"))
}

func (h *actor) openedByKeys() {
	h.t.Helper()
	h.n()
	h.enter()
	h.section("-", "Minus", "/discharge")
}

func (h *actor) prepare() {
	h.t.Helper()
	h.click(says("Сделать заключительным"))
	h.click(says("Нет подписанного выписного эпикриза"))
	h.click(says("Составить из истории болезни"))
	h.click(says("Записать и подписать"))
	h.arrive("/discharge")
}

func (h *actor) prepareByKeys() {
	h.t.Helper()
	h.n()
	h.enter() // the diagnosis becomes final
	h.n()
	h.enter() // to the epicrisis that is missing
	h.n()
	h.focused("body")
	h.tabs("the composing", `e.value === "compose"`)
	h.enter()
	h.n()
	h.send()
	h.arrive("/discharge")
}

func (h *actor) end() {
	h.t.Helper()
	h.click(`document.querySelector("[name=result][value=improved]")`)
	h.click(says("Выписать и выдать форму"))
	h.arrive("/form")
}

func (h *actor) endByKeys() {
	h.t.Helper()
	h.n()
	h.focused("outcome")
	h.key(kb.Tab, kb.ArrowDown) // the result: improved
	h.send()
	h.arrive("/form")
}

// death: with nothing prepared, the final diagnosis from the one of the admission and
// the post-mortem from the final one, the epicrisis composed of the history.
func (d day) death() {
	h := d.doctor
	d.act("death", h, d.board(), func() {
		h.opened()
		h.click(says("Сделать заключительным"))
		h.click(`document.querySelector("[name=outcome][value=died]")`)
		h.click(says("Выписать и выдать форму")) // refused: what a death still lacks
		h.click(says("Сделать патологоанатомическим"))
		h.click(says("Нет подписанного выписного эпикриза"))
		h.click(says("Составить из истории болезни"))
		h.click(says("Записать и подписать"))
		h.arrive("/discharge")
		h.click(says("Выписать и выдать форму"))
		h.arrive("/form")
	}, func() {
		h.openedByKeys()
		h.n()
		h.enter() // the diagnosis becomes final
		h.back("the outcome", `e.name === "outcome"`)
		h.key(kb.ArrowUp)
		h.send()
		h.n()
		h.enter() // and post-mortem
		h.n()
		h.enter() // to the epicrisis that is missing
		h.n()
		h.focused("body")
		h.tabs("the composing", `e.value === "compose"`)
		h.enter()
		h.n()
		h.send()
		h.arrive("/discharge")
		h.send()
		h.arrive("/form")
	})
}
