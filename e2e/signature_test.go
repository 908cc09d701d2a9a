package e2e_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// A citizen signs an application at ЕСИ on a phone, in Kyrgyz; the executor sees
// that it holds and answers; a stranger with the document checks the signature.
func TestACitizenSignsAnApplication(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	portal, esi := w.site["portal"], w.site["identity"]
	b := open(t, "signer", 360, "ky")
	b.goTo(portal + "/sign-in?next=/services/data-correction/order")
	b.signIn(w, demo.Patient)
	b.consent()
	b.goTo(portal + "/services/data-correction")
	b.check("service")
	b.picture("service")
	b.goTo(portal + "/services/data-correction/order")
	b.check("order")
	b.picture("order")
	b.fill("wrong", "Дарегим эски жазылган")
	b.fill("right", "Сокулук айылы, Ленин көчөсү, 5")
	b.leave(`document.querySelector('main form[action$="/order"]').requestSubmit()`)
	b.see("Арызга кол коюңуз")
	b.check("to sign")
	b.picture("to-sign")
	application := strings.Split(b.where(), "?")[0]
	paper := b.download(application + "/application.pdf")
	b.leave(`document.querySelector('main form[action$="/sign"]').requestSubmit()`)
	b.see("Документке кол коюу")
	b.check("sign at ЕСИ")
	b.picture("sign")
	b.leave(`document.querySelector('main button[value="sign"]').click()`)
	b.see("Текшерилди: кол тамга чыныгы")
	b.check("signed")
	b.picture("signed")
	if got := strings.Split(b.where(), "?")[0]; got != application {
		t.Errorf("after signing the person is at %s", got)
	}

	officer := open(t, "executor", 1440, "ru")
	officer.goTo(portal + "/sign-in?next=/desk")
	officer.signIn(w, demo.Operator)
	officer.consent()
	officer.goTo(portal + "/desk")
	officer.check("desk")
	officer.picture("desk")
	officer.leave(`document.querySelector('main a[href^="/desk/"]').click()`)
	officer.see("Проверено: подпись подлинная")
	officer.see("Жумабеков")
	officer.check("execute")
	officer.picture("execute")
	officer.fill("note", "Адрес исправлен.")
	officer.leave(`document.querySelector('main button[value="done"]').click()`)
	officer.see("Ответ отправлен")

	stranger := open(t, "stranger", 360, "ru")
	stranger.goTo(esi + "/signature")
	stranger.check("check a signature")
	stranger.picture("check")
	says := uploaded(t, esi+"/signature?lang=ru", paper)
	if !strings.Contains(says, "Подпись подлинная") || strings.Contains(says, demo.Patient.PIN) {
		t.Errorf("the stranger reads: %s", tail(says, 1500))
	}
	if says := uploaded(t, esi+"/signature?lang=ru", append(paper, ' ')); !strings.Contains(says, "Подпись не найдена") {
		t.Errorf("a changed document: %s", tail(says, 1500))
	}
	b.goTo(application)
	b.see("Адрес исправлен.")
	b.picture("answered")
	for _, page := range []string{"/sign", "/security/certificates", "/security", "/signature"} {
		for _, lang := range []string{"en", "ru", "ky"} {
			b.goTo(esi + page + "?lang=" + lang)
			b.check(page + " " + lang)
		}
		b.picture(strings.ReplaceAll(strings.Trim(page, "/"), "/", "-"))
	}
	b.leave(`(() => { location.href = "` + esi + `/security/certificates" })()`)
	b.leave(`document.querySelector('main a[href^="/security/certificates/"]').click()`)
	b.check("revoke")
	b.picture("revoke")
	b.click(`main input[type=radio]`)
	b.leave(`document.querySelector('main form[action^="/security/certificates/"]').requestSubmit()`)
	b.see("Тастыктама жокко чыгарылды")
}

// uploaded sends a document to a page that checks it and gives what it answers.
func uploaded(t *testing.T, address string, document []byte) string {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("document", "document.pdf")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(document)
	_ = form.Close()
	response, err := local.Post(address, form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", response.StatusCode, err)
	}
	return string(page)
}
