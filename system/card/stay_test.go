package card

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const headPIN = "20207197800045"

// fund returns every case without a policy and keeps the messages too.
type fund struct {
	cases    []insuranceapi.Case
	messages []messageapi.Message
	now      *clock.Manual
	away     bool
}

func (f *fund) Submit(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	f.cases = append(f.cases, c)
	return f.Check(ctx, c)
}

func (f *fund) Check(_ context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	d := insuranceapi.Decision{CaseID: fmt.Sprint("case-", c.Revision), Number: c.Number, Revision: c.Revision, State: insuranceapi.Accepted, Group: "КЗГ-21", Price: 1_250_000, At: f.now.Now()}
	if c.Patient.Policy == "" {
		d.State, d.Price = insuranceapi.Returned, 0
		d.Findings = []insuranceapi.Finding{
			{Field: "patient.policy", Rule: "INS-001", Severity: "error", Reason: text.Words{KY: "Полис жок", RU: "Нет номера полиса"}},
			{Field: "diagnoses", Rule: "DGN-003", Severity: "warning", Reason: text.Words{KY: "Белгини текшериңиз", RU: "Проверьте симптом"}},
			{Field: "operations", Rule: "OPR-005", Severity: "warning", Reason: text.Words{KY: "Операцияны текшериңиз", RU: "Проверьте операцию"}},
		}
	}
	return d, nil
}

func (f *fund) Rules(context.Context, clock.Date) ([]insuranceapi.Rule, error) { return nil, nil }

func (f *fund) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	f.messages = append(f.messages, m)
	return messageapi.Receipt{ID: m.ID}, nil
}

// RoundTrip leads to the fund and the messages what is theirs.
type roads struct {
	fund *fund
	rest http.RoundTripper
	mine http.Handler
}

func (r roads) RoundTrip(req *http.Request) (*http.Response, error) {
	target, err := exchangeapi.ParsePath(req.URL.EscapedPath())
	if err != nil || (target.Provider != exchangeapi.Insurance && target.Provider != exchangeapi.Message) {
		return r.rest.RoundTrip(req)
	}
	if r.fund.away {
		return nil, fmt.Errorf("no route")
	}
	asked := httptest.NewRequest(req.Method, "/exchange/"+target.Service+target.Rest, req.Body)
	asked.Header = req.Header.Clone()
	answer := httptest.NewRecorder()
	r.mine.ServeHTTP(answer, asked)
	return answer.Result(), nil
}

// join lets the house find the fund and the messages by the exchange.
func (f *fund) join(env *host.Env) {
	f.now = env.Clock.(*clock.Manual)
	provider := exchangeapi.NewProvider(exchangeapi.Insurance, env.ExchangeKey, slog.New(slog.DiscardHandler))
	insuranceapi.Serve(provider, f)
	messageapi.Serve(provider, f)
	env.HTTP = &http.Client{Transport: roads{f, env.HTTP.Transport, provider}}
}

// newHospital is a house with a fund, and a patient admitted by the doctor.
func newHospital(t *testing.T) (h house, f *fund, doctor *browser, stayPath string) {
	t.Helper()
	f = &fund{}
	h = newHouse(t, func(env *host.Env) {
		f.join(env)
		env.Sites = map[string]string{"portal": "http://portal.localhost"}
	})
	h.n.PostsOf = append(h.n.PostsOf, cardtest.Post(headPIN, "Токтогулов Бакыт Эсенович", workforceapi.Head, "18"))
	doctor = h.signIn(t, doctorPIN)
	doctor.get("/ward?lang=ru")
	_, to, _ := doctor.post("/patients/find", "q", patientPIN)
	_, stayPath, body := doctor.post(to+"/admit", "kind", "emergency", "at", "2026-11-22T13:30", "hours", "3", "brought_by", "ambulance",
		"admission", "J18.9", "admission_text", "J18.9 Пневмония", "place", "18/"+cardtest.BedID("18", 2), "doctor", doctorPIN, "category", "", "insured", "1")
	if !strings.HasPrefix(stayPath, "/stays/") {
		t.Fatal(body)
	}
	return h, f, doctor, stayPath
}

var once = regexp.MustCompile(`name="once" value="([^"]+)"`)

// fill posts a form of the page with the id that the page gave it.
func (b *browser) fill(page, path string, pairs ...string) (int, string, string) {
	b.t.Helper()
	found := once.FindStringSubmatch(b.get(page))
	if found == nil {
		b.t.Fatalf("%s has nothing to fill in", page)
	}
	return b.post(path, append(pairs, "once", found[1])...)
}

func done(t *testing.T, want string, status int, to, body string) {
	t.Helper()
	if status != http.StatusSeeOther || !strings.HasPrefix(to, want) {
		t.Fatalf("%d %s\n%s", status, to, body)
	}
}

func drain(t *testing.T, h house) {
	t.Helper()
	if err := h.desk.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The story from the ward to the accepted case, by the pages alone.
func TestOneStay(t *testing.T) {
	h, f, doctor, stayPath := newHospital(t)

	status, _, body := doctor.fill(stayPath, stayPath+"/entries", "kind", "diary", "at", "2026-11-22T15:00", "body", "Завтрашняя запись")
	if status != http.StatusUnprocessableEntity {
		t.Fatal("an entry of tomorrow:", status)
	}
	has(t, body, "Завтрашняя запись", "не может быть в будущем")
	status, to, body := doctor.fill(stayPath, stayPath+"/entries", "kind", "diary", "at", "2026-11-22T13:50", "body", "Кашель меньше.\nХрипов нет.")
	done(t, stayPath, status, to, body)
	body = doctor.get(stayPath)
	has(t, body, "Кашель меньше.", "Хрипов нет.", "Дневниковая запись", "Запись подписана.")
	root := regexp.MustCompile(`correct=([0-9a-f-]+)`).FindStringSubmatch(body)[1]
	status, to, body = doctor.fill(stayPath+"?correct="+root, stayPath+"/entries/correct", "root", root, "seen", "1", "at", "2026-11-22T13:50", "body", "Кашель сильнее.", "reason", "Описка")
	done(t, stayPath, status, to, body)
	has(t, doctor.get(stayPath), "Кашель сильнее.", "Описка", "редакция 2", "Прежний текст (1)", "Кашель меньше.")

	nurse := h.signIn(t, nursePIN)
	nurse.get(stayPath + "?lang=ru")
	if status, _, _ := nurse.post(stayPath+"/entries", "kind", "diary"); status != http.StatusForbidden {
		t.Error("a nurse wrote as a doctor:", status)
	}
	status, _, _ = doctor.fill(stayPath+"/orders", stayPath+"/orders", "kind", "drug", "text", "Амоксициллин", "from", "2026-11-22T13:40")
	if status != http.StatusUnprocessableEntity {
		t.Fatal("a drug without a dose:", status)
	}
	status, to, body = doctor.fill(stayPath+"/orders", stayPath+"/orders", "kind", "drug", "text", "Амоксициллин", "dose", "500 мг", "times", "3 раза в день", "from", "2026-11-22T13:40")
	done(t, stayPath+"/orders", status, to, body)
	body = nurse.get(stayPath + "/orders")
	order := regexp.MustCompile(`name="order" value="([^"]+)"`).FindStringSubmatch(body)[1]
	status, _, body = nurse.fill(stayPath+"/orders", stayPath+"/orders/mark", "order", order, "given", "0")
	if status != http.StatusUnprocessableEntity {
		t.Fatal("not given without a reason:", status)
	}
	has(t, body, `id="not_given_reason"`, "details\" open")
	status, to, body = nurse.fill(stayPath+"/orders", stayPath+"/orders/mark", "order", order, "given", "1")
	done(t, stayPath+"/orders", status, to, body)
	has(t, nurse.get(stayPath+"/orders"), "Амоксициллин", "Выполнено")

	_, _, body = doctor.post("/operations/search", "words", "коронарограф")
	has(t, body, "A16.12.2")
	status, to, body = doctor.fill(stayPath+"/operations", stayPath+"/operations", "at", "2026-11-22T13:45", "operation", "A16.09", "operation_text", "Дренирование плевральной полости", "side", "left",
		"anaesthesia", "local", "surgeon", doctorPIN, "protocol", "Под местной анестезией…")
	done(t, stayPath+"/operations", status, to, body)
	has(t, doctor.get(stayPath+"/operations"), "Дренирование плевральной полости, слева", "A16.09", "Местная")

	has(t, doctor.get(stayPath+"/discharge"), "Нет основного заключительного диагноза", "Нет подписанного выписного эпикриза")
	status, _, body = doctor.post(stayPath+"/discharge", "at", "2026-11-22T13:00", "outcome", "discharged", "recommendations", "Пить воду", "do", "discharge")
	if status != http.StatusUnprocessableEntity {
		t.Fatal("discharged with gaps:", status)
	}
	has(t, body, "Пациент поступил 22.11.2026 13:30", "Выберите результат лечения", "Пить воду", `id="gap-final"`)
	has(t, doctor.get(stayPath+"/discharge"), "Пить воду") // kept as a draft

	status, to, body = doctor.post(stayPath+"/diagnoses", "stage", "final", "rank", "main", "icd", "", "icd_text", "J18.9", "at", "2026-11-22T13:55")
	done(t, stayPath+"/diagnoses", status, to, body)
	status, _, body = doctor.post(stayPath+"/diagnoses", "stage", "final", "rank", "main", "icd", "", "icd_text", "A09.9", "at", "2026-11-22T13:55")
	if status != http.StatusUnprocessableEntity {
		t.Fatal("a second main diagnosis:", status)
	}
	has(t, body, "уже есть основной диагноз: J18.9", `name="why"`, `name="main-final"`)
	status, to, body = doctor.fill(stayPath, stayPath+"/entries", "kind", "discharge_epicrisis", "at", "2026-11-22T13:58", "body", "Лечение дало эффект.")
	done(t, stayPath, status, to, body)

	ending := []string{"at", "2026-11-22T13:59", "outcome", "discharged", "result", "improved", "recommendations", "Пить воду"}
	f.away = true
	_, _, body = doctor.post(stayPath+"/discharge", append(ending, "do", "check")...)
	has(t, body, "Фонд сейчас не отвечает")
	f.away = false
	_, _, body = doctor.post(stayPath+"/discharge", append(ending, "do", "check")...)
	has(t, body, "Нет номера полиса", "INS-001")
	if len(f.cases) != 0 {
		t.Fatal("a check was taken for a case")
	}
	status, to, body = doctor.post(stayPath+"/discharge", append(ending, "do", "discharge")...)
	done(t, stayPath+"/form", status, to, body)
	status, _, body = doctor.post(stayPath+"/discharge", append(ending, "do", "discharge")...)
	if status != http.StatusUnprocessableEntity {
		t.Fatal("discharged twice:", status)
	}
	has(t, body, "Этого пациента уже выписали")
	has(t, doctor.get(stayPath+"/form"), "0000001 18 950174 26", "Отправляется", "Пациент выписан")

	drain(t, h)
	has(t, doctor.get("/work"), "Жумабеков", "Нет номера полиса", stayPath+"/correct")
	body = doctor.get(stayPath + "/correct")
	has(t, body, "Фонд: Нет номера полиса (INS-001)", "Проверьте симптом", "Проверьте операцию", `value="J18.9"`)
	correction := []string{
		"revision", "1", "kind", "emergency", "hours", "3", "outcome", "discharged", "result", "improved", "insured", "1", "policy", "ОМС-7", "category", "",
		"recommendations", "Пить воду", "dx0_stage", "final", "dx0_rank", "main", "dx0", "J18.9", "dx0_text", "J18.9 Пневмония", "dx1_stage", "final", "dx1_rank", "comorbid", "dx1", "", "dx1_text", "",
	}
	status, _, body = doctor.post(stayPath+"/correct", correction...)
	if status != http.StatusUnprocessableEntity {
		t.Fatal("corrected without a reason:", status)
	}
	has(t, body, "ОМС-7", `href="#reason"`)
	status, to, body = doctor.post(stayPath+"/correct", append(correction, "reason", "Полис найден")...)
	done(t, stayPath+"/form", status, to, body)
	drain(t, h)
	has(t, doctor.get(stayPath+"/form"), "Принят", "12\u00a0500\u00a0сом", "КЗГ-21", "ОМС-7", "попросите вернуть его")
	if len(f.cases) != 2 || f.cases[1].Replaces != "case-1" || f.cases[1].Number != f.cases[0].Number || len(f.cases[1].Diagnoses) < 2 {
		t.Fatalf("%+v", f.cases)
	}

	if len(f.messages) != 1 || f.messages[0].PIN != patientPIN || !strings.HasPrefix(f.messages[0].Link, "http://portal.localhost/") {
		t.Fatalf("%+v", f.messages)
	}
	for _, l := range text.Langs {
		words := f.messages[0].Subject.In(l) + f.messages[0].Body.In(l)
		if strings.ContainsAny(words, "[]") || strings.Contains(words, "J18") || strings.Contains(words, "невмон") {
			t.Error(words)
		}
	}
	for lang, draft := range map[string]string{"ky": "ДОЛБООР", "ru": "ЧЕРНОВИК"} {
		status, _, pdf := doctor.send(http.MethodGet, stayPath+"/form.pdf?lang="+lang, nil)
		if status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") {
			t.Error("PDF", lang, status)
		}
		if said := plainText(t, pdf); !strings.Contains(said, draft) { // nobody has signed
			t.Errorf("%s: an unsigned form looks finished:\n%s", lang, said)
		}
	}
	has(t, doctor.get("/work"), `<html lang="ru"`) // a paper in Kyrgyz leaves the pages as they were
}

// plainText reads a PDF with poppler, which the house's tests have.
func plainText(t *testing.T, pdf string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "pdftotext", "-", "-")
	command.Stdin = strings.NewReader(pdf)
	out, err := command.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("pdftotext is not installed: the text of the paper cannot be read back")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Every page of a stay, open and ended, in every language, right and wrong.
func TestStayPagesSpeakThreeLanguages(t *testing.T) {
	h, f, doctor, stayPath := newHospital(t)
	head := h.signIn(t, headPIN)
	pages := []string{stayPath, stayPath + "/orders", stayPath + "/operations", stayPath + "/diagnoses", stayPath + "/admission", stayPath + "/discharge", stayPath + "/form", "/work"}
	tour := func() {
		t.Helper()
		for _, b := range []*browser{doctor, head} {
			for _, lang := range []string{"ky", "ru", "en"} {
				for _, page := range pages {
					has(t, b.get(page+"?lang="+lang), `<html lang="`+lang+`"`)
				}
				b.post(stayPath+"/entries", "once", "x")
				b.post(stayPath+"/orders", "once", "x")
				b.post(stayPath+"/operations", "once", "x")
				b.post(stayPath + "/diagnoses")
				b.post(stayPath + "/discharge")
				b.post(stayPath+"/discharge", "at", "2026-11-30T10:00", "outcome", "died")
				b.post(stayPath + "/correct")
				b.post(stayPath+"/form/void", "reason", "")
			}
		}
	}
	tour()
	doctor.fill(stayPath, stayPath+"/entries", "kind", "discharge_epicrisis", "at", "2026-11-22T13:58", "body", "Эффект.")
	doctor.fill(stayPath+"/operations", stayPath+"/operations", "at", "2026-11-22T13:45", "operation_text", "Своя операция", "code", "X1", "anaesthesia", "none", "surgeon", doctorPIN, "protocol", "Ход")
	for _, kind := range []string{"drug", "diet", "regime", "test", "procedure"} {
		doctor.fill(stayPath+"/orders", stayPath+"/orders", "kind", kind, "text", "Назначение", "dose", "1", "times", "1", "from", "2026-11-22T13:40")
	}
	doctor.post(stayPath+"/diagnoses", "stage", "final", "rank", "main", "icd_text", "J18.9", "at", "2026-11-22T13:55")
	tour()
	doctor.post(stayPath+"/discharge", "at", "2026-11-22T13:59", "outcome", "transferred", "result", "worse", "transferred_to", "НЦКТ", "do", "discharge")
	f.away = true
	drain(t, h)
	tour()
	f.away = false
	h.now.Advance(5 * time.Minute)
	drain(t, h)
	pages = append(pages, stayPath+"/correct")
	tour()
	// What is to be put right is not folded away.
	if _, _, body := head.post(stayPath+"/form/void", "reason", ""); !strings.Contains(body, `<details class="govuk-details" open>`) {
		t.Errorf("the reason that is missing is folded away: %s", body)
	}
	if status, to, body := head.post(stayPath+"/form/void", "reason", "Не тот пациент"); status != http.StatusSeeOther {
		t.Fatal(status, to, body)
	}
	pages = pages[:len(pages)-1]
	tour()
	if status, to, body := head.post(stayPath + "/form/reissue"); status != http.StatusSeeOther {
		t.Fatal(status, to, body)
	}
	page := head.get(stayPath + "/form?lang=ru")
	has(t, page, "0000002 18 950174 26", "Не тот пациент", "form.pdf?lang=ky&amp;form=1", "form.pdf?lang=ru&amp;form=1")
	if regexp.MustCompile(`href="[^"]*000000[12]`).MatchString(page) {
		t.Error("a form's number stands in an address")
	}
	for address, sequence := range map[string]string{"/form.pdf?lang=ru": "0000002", "/form.pdf?lang=ru&form=1": "0000001"} {
		title := "\x00" + strings.Join(strings.Split(sequence, ""), "\x00") // UTF-16 in the metadata
		if status, _, pdf := head.send(http.MethodGet, stayPath+address, nil); !strings.HasPrefix(pdf, "%PDF-") || !strings.Contains(pdf, title) {
			t.Errorf("%s is not the form %s: %d", address, sequence, status)
		}
	}
}
