package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

// line cuts this tab off, or lets it back.
func (b *browser) line(whole bool) {
	b.t.Helper()
	cut := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{}}
	if !whole {
		cut.MatchedNetworkConditions = append(cut.MatchedNetworkConditions, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, cut); err != nil {
		b.t.Fatal(err)
	}
	state := network.OverrideNetworkStateParams{Offline: !whole, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := chromedp.Call(b.ctx, network.OverrideNetworkState, state); err != nil {
		b.t.Fatal(err)
	}
}

// value is what stands in the field of the name.
func (b *browser) value(name string) string {
	b.t.Helper()
	return eval[string](b, `document.querySelector('[name="`+name+`"]:not([type=hidden])').value`)
}

// MC-6: the statistician types a case. A tab that is closed and a line that is cut
// while it is sent lose nothing of it; what was typed comes back once, and no more
// when it was received. A diagnosis is looked for by words, and what speaks
// against it is told at once.
func TestEntryKeepsWhatIsTyped(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	clerk := fundDesk(w, "clerk", demo.Clerk)
	clerk.goTo(w.site["insurance"] + "/entry")
	clerk.press("Ввести случай")
	form := clerk.where()
	if !strings.Contains(form, "/entry/") {
		t.Fatalf("no case was begun: %s", form)
	}

	// A tab of its own, which is closed before anything was sent.
	ctx, closeTab := chromedp.NewContext(clerk.ctx)
	tab := &browser{t: t, ctx: ctx, name: "tab", width: 1440}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
		t.Fatal(err)
	}
	tab.goTo(form)
	tab.fill("name", "Жумабеков Эрмек Асанович")
	tab.set("sex", "male")
	tab.set("birth_date", "1960-09-12")
	tab.set("discharged_at", time.Now().AddDate(0, 0, -1).Format("2006-01-02T15:04"))
	tab.pick("dx1_code", "роды", "только у женщин")
	tab.fill("dx1_text", "Роды")
	tab.waitFor(`Object.keys(localStorage).some(k => k.startsWith("draft:/entry/") && localStorage[k].includes("1960-09-12"))`)
	closeTab()

	clerk.goTo(form)
	clerk.see("Несохранённый текст восстановлен")
	for name, want := range map[string]string{"name": "Жумабеков Эрмек Асанович", "sex": "male", "birth_date": "1960-09-12", "dx1_text": "Роды"} {
		if got := clerk.value(name); got != want {
			t.Errorf("after the tab was closed %s is %q", name, got)
		}
	}
	if got := clerk.value("dx1_code_text"); !strings.HasPrefix(got, "O80") {
		t.Errorf("after the tab was closed the diagnosis is %q", got)
	}

	// The line is cut while it is sent.
	clerk.fill("policy", "П-000217")
	clerk.line(false)
	clerk.see("Нет связи с интернетом")
	eval[bool](clerk, `(() => { document.querySelector('button[value=save]').click(); return true })()`)
	clerk.waitFor(`location.protocol === "chrome-error:" || !document.querySelector("#entry-form")`)
	clerk.line(true)
	clerk.goTo(form)
	clerk.see("Несохранённый текст восстановлен")
	if got := clerk.value("policy") + "|" + clerk.value("name"); got != "П-000217|Жумабеков Эрмек Асанович" {
		t.Errorf("after the line was cut: %q", got)
	}
	clerk.picture("restored")
	clerk.press("Сохранить")
	clerk.see("Сохранено")
	clerk.goTo(form)
	if strings.Contains(clerk.text(), "Несохранённый текст") {
		t.Error("what was received is offered again")
	}
	// The words became their code, and what speaks against it stands beside it.
	if got := eval[string](clerk, `document.querySelector('[type=hidden][name="dx1_code"]').value`); got != "O80.0" {
		t.Errorf("the diagnosis is kept as %q", got)
	}
	clerk.see("только у женщин")
	clerk.press("Проверить")
	clerk.both("entry form")
	clerk.goTo(form)
	clerk.fill("dx0_code_text", "пнев")
	clerk.waitFor(`[...document.querySelectorAll("[role=option]")].some(o => o.checkVisibility())`)
	clerk.look("ru", 1440, "diagnosis looked for")
	clerk.resize(360)
	clerk.goTo(inLang(form, "ky"))
	clerk.fill("dx1_code_text", "роды")
	clerk.waitFor(`[...document.querySelectorAll("[role=option]")].some(o => o.checkVisibility())`)
	clerk.look("ky", 360, "diagnosis looked for")
}

// MC-6: a table of cases is checked row by row, its good rows are sent, and the
// same file again is known.
func TestEntryTakesATable(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	clerk := fundDesk(w, "clerk", demo.Clerk)
	file := "Порядковый номер формы;ПИН;Фамилия, имя, отчество;Код территории СОАТЕ;Категория сооплаты;Поступление;Часов от начала заболевания;Поступил;Отделение;Выписан;Исход;Результат лечения;Диагноз при поступлении;Основной заключительный диагноз;ПИН врача;ПИН заведующего отделением\\n" +
		"301;21209196000217;Жумабеков Эрмек Асанович;Чуйская область;Пенсионер;Экстренное;6;10.11.2026 09:30;18;19.11.2026 14:00;Выписан;Улучшение;J18.9;J18.0;" + demo.DoctorInChui.PIN + ";" + demo.HeadInChui.PIN + "\\n" +
		"302;;Асанова Айгүл;Чуйская область;;Экстренное;6;10.11.2026 09:30;18;19.11.2026 14:00;Сбежал;Улучшение;J18.9;пневмония;;\\n"
	upload := `const d = new DataTransfer(); d.items.add(new File(["` + file + `"], "066.csv"));
		document.querySelector("[name=table]").files = d.files; document.querySelector("#table-form").requestSubmit()`
	clerk.goTo(w.site["insurance"] + "/entry")
	clerk.press("Ввод таблицей")
	clerk.look("ru", 1440, "table")
	clerk.leave(upload)
	clerk.see("готовы к отправке: 1")
	clerk.see("Значение «Сбежал» не подходит")
	clerk.look("ru", 1440, "table checked")
	clerk.press("Отправить строки без ошибок (1)")
	clerk.see("Случаев в файле: 2; в фонде: 1")
	clerk.press("Исправить строки с ошибками на странице (1)")
	clerk.look("ru", 1440, "table kept")
	clerk.press("Исправить на странице")
	clerk.waitFor(`document.querySelector("[name=name]").value === "Асанова Айгүл" && document.querySelector("[name=admitted_at]").value === "2026-11-10T09:30"`)
	clerk.goTo(w.site["insurance"] + "/entry/table")
	clerk.resize(360)
	clerk.goTo(inLang(w.site["insurance"]+"/entry/table", "ky"))
	clerk.look("ky", 360, "table")
	clerk.leave(upload)
	clerk.see("мурда келгени: 1")
	clerk.look("ky", 360, "table checked")
}
