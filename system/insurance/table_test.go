package insurance_test

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/spreadsheet"
)

func (b browser) upload(t *testing.T, path, name string, data []byte) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile(name, "066.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(data)
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.raw(http.MethodPost, path, form.FormDataContentType(), &body)
}

// casesTable is the template filled in: its heads as they were downloaded.
func casesTable(t *testing.T, template string, rows ...map[string]string) []byte {
	t.Helper()
	lines, err := spreadsheet.Read([]byte(template), 10)
	if err != nil || len(lines) != 1 {
		t.Fatalf("the template: %v, %v", lines, err)
	}
	sheet := spreadsheet.Sheet{Name: "066"}
	for _, head := range lines[0].Cells {
		sheet.Columns = append(sheet.Columns, spreadsheet.Column{Label: head})
	}
	for _, row := range rows {
		var cells []any
		for _, head := range lines[0].Cells {
			cells = append(cells, row[head])
			delete(row, head)
		}
		for head := range row {
			t.Fatalf("the template has no column %q", head)
		}
		sheet.Rows = append(sheet.Rows, cells)
	}
	data, err := sheet.XLSX()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var packedRows = regexp.MustCompile(`name="rows" value="([^"]+)"`)

// MC-6: many cases in one file. Each row is checked before anything is kept; the
// good ones are sent, once however often the file comes.
func TestManyCasesComeInATable(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk := h.clerk(t)
		good := func(number string) map[string]string {
			return map[string]string{
				"Порядковый номер формы": number, "ПИН": "21209196000217", "Фамилия, имя, отчество": "Жумабеков Эрмек Асанович", "Код территории СОАТЕ": "Чуйская область",
				"Житель села": "да", "Застрахован": "да", "Полис": "P-000217", "Категория сооплаты": "Пенсионер", "Поступление": "Экстренное", "Часов от начала заболевания": "6",
				"Поступил": "10.11.2026 09:30", "Отделение": "18", "Выписан": "19.11.2026 14:00", "Исход": "Выписан", "Результат лечения": "Улучшение",
				"Диагноз при поступлении": "J18.9", "Основной заключительный диагноз": "j18.0", "ПИН врача": demo.DoctorInChui.PIN, "ПИН заведующего отделением": demo.HeadInChui.PIN,
			}
		}
		wrong := good("302")
		wrong["Пол"], wrong["Исход"], wrong["ПИН"], wrong["Дата рождения"] = "мужчина", "Сбежал", "", "22233"
		double := good("301")
		late := good("303")
		late["Часов от начала заболевания"], late["Поступил"], late["Выписан"] = "", "10.10.2026 09:30", "12.10.2026 10:00"
		unclear := good("304") // right by all rules but for a cell that says nothing
		unclear["Житель села"], unclear["Поступил"], unclear["Выписан"] = "может быть", "10.09.2026 09:30", "12.09.2026 10:00"
		file := casesTable(t, clerk.get("/entry/table.xlsx?lang=ru", http.StatusOK), good("301"), wrong, double, late, unclear)

		before := strings.Count(clerk.get("/cases?month=2026-11", http.StatusOK), `id="case-`)
		w := clerk.upload(t, "/entry/table?lang=ru", "table", file)
		body := html.UnescapeString(w.Body.String())
		for _, said := range []string{"Случаев в файле: 5; готовы к отправке: 1", "Значение «мужчина» не подходит", "Значение «Сбежал» не подходит. Можно: Выписан, Переведён, Умер", "стоит и в строке 2", "ADM-002", "Значение «может быть» не подходит. Можно: да, нет"} {
			if w.Code != http.StatusOK || !strings.Contains(body, said) {
				t.Errorf("%d: %q is not said", w.Code, said)
			}
		}
		if after := strings.Count(clerk.get("/cases?month=2026-11", http.StatusOK), `id="case-`); after != before {
			t.Error("rows were kept before they were sent")
		}
		packed := packedRows.FindStringSubmatch(body)
		if packed == nil {
			t.Fatal("nothing can be sent")
		}
		for range 2 { // the button pressed twice
			w = clerk.do(http.MethodPost, "/entry/table/send?lang=ru", url.Values{"rows": {packed[1]}})
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Случаев в файле: 5; в фонде: 1") {
				t.Fatalf("%d", w.Code)
			}
		}
		if after := strings.Count(clerk.get("/cases?month=2026-11", http.StatusOK), `id="case-`); after != before+1 {
			t.Errorf("%d cases became %d", before, after)
		}
		// The rows with errors become drafts, each one once; what was typed stands in
		// the fields as they take it, and what was mended stays.
		drafts := regexp.MustCompile(`href="/entry/([0-9a-f-]{36})"`)
		keep := func(rows string) []string {
			t.Helper()
			w := clerk.do(http.MethodPost, "/entry/table/drafts?lang=ru", url.Values{"rows": {rows}})
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "сделано 4 черновика") {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
			var ids []string
			for _, found := range drafts.FindAllStringSubmatch(w.Body.String(), -1) {
				ids = append(ids, found[1])
			}
			return ids
		}
		kept := keep(packed[1])
		if again := keep(packed[1]); len(kept) != 4 || !slices.Equal(again, kept) {
			t.Errorf("%v became %v", kept, again)
		}
		shown := html.UnescapeString(clerk.get("/entry/"+kept[2]+"?lang=ru", http.StatusOK))
		for _, value := range []string{`value="2026-10-10T09:30"`, `value="2026-10-12T10:00"`, `value="303"`, `value="21209196000217"`} {
			if !strings.Contains(shown, value) {
				t.Errorf("the draft has no %s", value)
			}
		}
		fresh := packedRows.FindStringSubmatch(html.UnescapeString(clerk.upload(t, "/entry/table?lang=ru", "table", file).Body.String()))
		if again := keep(fresh[1]); !slices.Contains(again, kept[2]) || strings.Count(clerk.get("/entry?lang=ru", http.StatusOK), kept[2]) == 0 {
			t.Errorf("the file checked again: %v became %v", kept, again)
		}
		if w := clerk.do(http.MethodPost, "/entry/table/drafts?lang=ru", url.Values{"rows": {"garbage"}}); w.Code != http.StatusBadRequest {
			t.Errorf("garbage: %d", w.Code)
		}
		if body := clerk.upload(t, "/entry/table?lang=ru", "table", file).Body.String(); !strings.Contains(body, "готовы к отправке: 0; поступили раньше: 1") || !strings.Contains(body, "уже в фонде") {
			t.Error("the same file again is not known")
		}
		for _, lang := range []string{"ky", "en", "ru"} {
			body := clerk.upload(t, "/entry/table?lang="+lang, "table", file).Body.String()
			body += clerk.do(http.MethodPost, "/entry/table/drafts?lang="+lang, url.Values{"rows": {packedRows.FindStringSubmatch(html.UnescapeString(body))[1]}}).Body.String() + clerk.get("/entry/table?lang="+lang, http.StatusOK)
			if key := unspoken.FindString(body); key != "" {
				t.Errorf("%s: no words for %s", lang, key)
			}
		}
		// Files and forms that are none of ours.
		for name, is := range map[string]struct {
			w    *httptest.ResponseRecorder
			code int
			says string
		}{
			"no file":        {clerk.upload(t, "/entry/table?lang=ru", "other", file), http.StatusUnprocessableEntity, "Выберите файл"},
			"a large file":   {clerk.upload(t, "/entry/table?lang=ru", "table", make([]byte, 3<<20)), http.StatusUnprocessableEntity, "не больше 2"},
			"no spreadsheet": {clerk.upload(t, "/entry/table?lang=ru", "table", []byte("%PDF-\xff")), http.StatusUnprocessableEntity, "не XLSX"},
			"no rows":        {clerk.do(http.MethodPost, "/entry/table/send?lang=ru", url.Values{"rows": {"garbage"}}), http.StatusBadRequest, ""},
			"an expert":      {h.expert(t).upload(t, "/entry/table?lang=ru", "table", file), http.StatusForbidden, "вводит сама больница"},
		} {
			if is.w.Code != is.code || !strings.Contains(strings.ReplaceAll(is.w.Body.String(), "\u00a0", " "), is.says) {
				t.Errorf("%s: %d", name, is.w.Code)
			}
		}
	})
}

// MC-6: a case with more departments, diagnoses and operations than a row has columns
// goes on in the rows beneath; what is wrong there is told by row and column in the
// reader's language, and what is sent is the whole case.
func TestACaseOfSeveralRows(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk := h.clerk(t)
		template := clerk.get("/entry/table.xlsx?lang=ru", http.StatusOK)
		rows := func(comorbid, operation string) []map[string]string {
			const number = "Порядковый номер формы"
			return []map[string]string{{
				number: "311", "ПИН": "21209196000217", "Фамилия, имя, отчество": "Жумабеков Эрмек Асанович", "Код территории СОАТЕ": "Чуйская область", "Житель села": "да",
				"Застрахован": "да", "Полис": "P-000217", "Категория сооплаты": "Пенсионер", "Поступление": "Экстренное", "Часов от начала заболевания": "6",
				"Поступил": "10.11.2026 09:30", "Отделение": "05", "Переведён в отделение (код)": "18", "Когда переведён": "12.11.2026 08:00", "Выписан": "19.11.2026 14:00",
				"Исход": "Выписан", "Результат лечения": "Улучшение", "Диагноз при направлении": "J18.9", "Диагноз при поступлении": "J18.9", "Клинический диагноз": "J18.9",
				"Основной заключительный диагноз": "J18.0", "Сопутствующий диагноз": "I10", "Когда операция": "11.11.2026 10:00", "Код операции": "A16.09", "Анестезия при операции": "Местная",
				"ПИН врача": demo.DoctorInChui.PIN, "ПИН заведующего отделением": demo.HeadInChui.PIN,
			}, {
				number: "311", "Переведён в отделение (код)": "05", "Когда переведён": "15.11.2026 08:00", "Сопутствующий диагноз": comorbid,
				"Когда операция": "16.11.2026 10:00", "Название операции": operation, "Анестезия при операции": "Общая", "Осложнение операции": "",
			}, {"Сопутствующий диагноз": "E11.9"}}
		}
		wrong := casesTable(t, template, rows("J99.99", "Пересадка всего")...)
		for lang, said := range map[string][]string{
			"ru": {"Строка 3, «Сопутствующий диагноз»", "DGN-017"},
			"ky": {"3-сап, «Кошумча оору»", "DGN-017"},
			"en": {"Row 3, “Comorbid diagnosis”", "DGN-017"},
		} {
			w := clerk.upload(t, "/entry/table?lang="+lang, "table", wrong)
			body := html.UnescapeString(w.Body.String())
			for _, words := range said {
				if w.Code != http.StatusOK || !strings.Contains(body, words) {
					t.Errorf("%s: %d: %q is not said", lang, w.Code, words)
				}
			}
		}
		body := html.UnescapeString(clerk.upload(t, "/entry/table?lang=ru", "table", casesTable(t, template, rows("N18.9", "аппендэктомия лапароскоп")...)).Body.String())
		packed := packedRows.FindStringSubmatch(body)
		if packed == nil || !strings.Contains(body, "Случаев в файле: 1; готовы к отправке: 1") {
			t.Fatal("the whole case is not taken")
		}
		w := clerk.do(http.MethodPost, "/entry/table/send?lang=ru", url.Values{"rows": {packed[1]}})
		link := regexp.MustCompile(`href="(/cases/[0-9a-f-]{36})"`).FindStringSubmatch(w.Body.String())
		if link == nil {
			t.Fatal("it was not sent")
		}
		shown := strings.ReplaceAll(html.UnescapeString(clerk.get(link[1]+"?lang=ru", http.StatusOK)), "\u00a0", " ")
		for _, part := range []string{"I10", "N18.9", "E11.9", "15.11.2026 08:00", "A16.18.2", "Аппендэктомия лапароскопическая", "A16.09", "Дренирование плевральной полости"} {
			if !strings.Contains(shown, part) {
				t.Errorf("the case has no %s", part)
			}
		}
	})
}
