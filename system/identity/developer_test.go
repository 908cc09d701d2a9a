package identity_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

var (
	shownClient = regexp.MustCompile(`<dd[^>]*>\s*([0-9a-z-]{20,40})\s*</dd>`)
	shownSecret = regexp.MustCompile(`<code>([^<]{43})</code>`)
)

// An engineer connects a system by herself, tries it with her own account, sees
// why a request was refused, and asks for everybody.
func TestAnEngineerConnectsASystem(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor)
		p := b.get(h.base + "/systems")
		p.must(http.StatusOK, "Подключённых систем нет", "/.well-known/openid-configuration")
		p = b.get(h.base + "/systems/new")
		wrong := b.submit(p, "/systems/new", "name", "Аптека", "kind", "web", "alg", "RS256", "redirects", "http://evil.example/callback", "scope:profile", "1")
		wrong.must(http.StatusUnprocessableEntity, "адреса возврата")
		p = b.submit(p, "/systems/new", "name", "Аптека", "kind", "web", "alg", "ES256", "redirects", "http://127.0.0.1:9411/callback", "scope:profile", "1")
		p.must(http.StatusOK, "Система подключена", "Секрет показывается один раз")
		client, secret := shownClient.FindStringSubmatch(p.body), shownSecret.FindStringSubmatch(p.body)
		if client == nil || secret == nil {
			t.Fatal(p.words())
		}
		// A wrong secret is refused, and the engineer reads why.
		r, _ := http.NewRequest(http.MethodPost, h.base+"/connect/token", strings.NewReader(url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {"http://127.0.0.1:9411/callback"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(client[1], "wrong")
		if answer := h.browser().do(r); answer.status != http.StatusUnauthorized {
			t.Fatal(answer.status, answer.body)
		}
		p = b.get(h.base + "/systems/" + client[1])
		p.must(http.StatusOK, "invalid_client", "Проверяется", "token", "Неверный client_secret", "Последние запросы")
		if strings.Contains(p.body, secret[1]) {
			t.Error("the secret is shown again")
		}
		// For now her own account alone enters.
		authorize := fmtURL(h.base+"/connect/authorize", "client_id", client[1], "response_type", "code", "scope", "openid profile",
			"redirect_uri", "http://127.0.0.1:9411/callback", "state", "s", "code_challenge", strings.Repeat("a", 43), "code_challenge_method", "S256")
		asking := b.get(authorize).must(http.StatusOK, "Аптека", "Передача данных")
		if p := b.get(h.base + "/systems/" + client[1]); strings.Contains(p.words(), "Дан ответ") {
			t.Error("a request that waits for the person is told as answered")
		}
		on := b.stay().submit(asking, "/consent", "decision", "allow", "agreement", "1")
		if back := b.stay().get(h.base + on.header.Get("Location")); !strings.HasPrefix(back.header.Get("Location"), "http://127.0.0.1:9411/callback?code=") {
			t.Fatal(back.status, back.header.Get("Location"))
		}
		b.get(h.base+"/systems/"+client[1]).must(http.StatusOK, "Дан ответ", "authorize")
		other := h.browser()
		h.signIn(other, other.get(h.base+"/sign-in"), demo.Patient)
		if p := other.stay().get(authorize); p.status == http.StatusOK && strings.Contains(p.words(), "Передача данных в систему") {
			t.Error("a system in test lets others in")
		}
		// Nobody else sees or changes it.
		for _, path := range []string{"", "/change"} {
			other.get(h.base + "/systems/" + client[1] + path).must(http.StatusNotFound)
		}
		other.post(h.base+"/systems/"+client[1]+"/submit", nil).must(http.StatusNotFound)
		other.post(h.base+"/systems/"+client[1]+"/secret", nil).must(http.StatusNotFound)
		// Changed, with a new secret, and handed in.
		p = b.get(h.base + "/systems/" + client[1] + "/change")
		p.must(http.StatusOK, "http://127.0.0.1:9411/callback")
		b.submit(p, "/systems/"+client[1]+"/change", "name", "Аптека №1", "kind", "web", "alg", "ES256", "redirects", "http://127.0.0.1:9411/callback", "scope:profile", "1").
			must(http.StatusOK, "Изменения сохранены", "Аптека №1")
		p = b.post(h.base+"/systems/"+client[1]+"/secret", url.Values{"leaked": {"1"}})
		if again := shownSecret.FindStringSubmatch(p.body); again == nil || again[1] == secret[1] {
			t.Error("no new secret")
		}
		b.post(h.base+"/systems/"+client[1]+"/submit", nil).must(http.StatusOK, "Ждёт одобрения")
	})
}

// A system to which nobody signs in asks for what it needs: to read, to write, or
// both; once it is open it gets a token for that and no more.
func TestAnEngineerConnectsAMachineThatWrites(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor)
	p := b.get(h.base + "/systems/new")
	p.must(http.StatusOK, "Запись в медицинскую карту от имени самой системы", "system/*.write")
	b.submit(p, "/systems/new", "name", "Лаборатория", "kind", "machine", "alg", "ES256").must(http.StatusUnprocessableEntity, "Отметьте, что нужно")
	p = b.submit(p, "/systems/new", "name", "Лаборатория", "kind", "machine", "alg", "ES256", "scope:system/*.write", "1")
	p.must(http.StatusOK, "Система подключена", "system/*.write")
	client, secret := shownClient.FindStringSubmatch(p.body), shownSecret.FindStringSubmatch(p.body)
	if client == nil || secret == nil {
		t.Fatal(p.words())
	}
	ask := func(scope string) tokens {
		return h.token(basic(client[1], secret[1]), "grant_type", "client_credentials", "scope", scope)
	}
	if got := ask("system/*.write"); got.status == http.StatusOK {
		t.Errorf("before it is open: %+v", got)
	}
	if err := h.esi.Registry().Approve(t.Context(), client[1]); err != nil {
		t.Fatal(err)
	}
	for scope, granted := range map[string]bool{
		"system/*.write": true, "system/Observation.cu": true, "system/*.read": false, "system/Observation.crus": false, "user/*.write": false,
	} {
		if got := ask(scope); (got.status == http.StatusOK) != granted || granted && got.Scope != scope {
			t.Errorf("%s: %d %s %s", scope, got.status, got.Error, got.Scope)
		}
	}
}

// How tokens are signed, and whether they can be read, is the engineer's choice;
// the page says what each costs, the console shows what was chosen.
func TestAnEngineerChoosesHowTokensAreMade(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor)
	p := b.get(h.base + "/systems/new")
	p.must(http.StatusOK, "в десятки раз дороже", "Самая быстрая", "отозванный сразу недействителен", "не спрашивая ЕСИ")
	b.submit(p, "/systems/new", "name", "Банк", "kind", "fapi", "alg", "RS256", "redirects", "https://bank.example.kg/cb", "jwks", someKeys).
		must(http.StatusUnprocessableEntity, "токены подписываются ES256 или EdDSA")
	p = b.submit(p, "/systems/new", "name", "Реестр", "kind", "machine", "alg", "EdDSA", "opaque", "1", "scope:system/*.read", "1")
	p.must(http.StatusOK, "Система подключена", "EdDSA", "Непрозрачный")
	client, secret := shownClient.FindStringSubmatch(p.body), shownSecret.FindStringSubmatch(p.body)
	if client == nil || secret == nil {
		t.Fatal(p.words())
	}
	operator, _ := h.atConsole()
	operator.get(h.base+"/console/clients/"+client[1]).must(http.StatusOK, "EdDSA", "Самая быстрая", "Непрозрачный")
	if err := h.esi.Registry().Approve(t.Context(), client[1]); err != nil {
		t.Fatal(err)
	}
	got := h.token(basic(client[1], secret[1]), "grant_type", "client_credentials", "scope", "system/*.read")
	if got.status != http.StatusOK || strings.Contains(got.Access, ".") {
		t.Fatalf("%+v", got)
	}
	about := h.call("/connect/introspect", basic("card", h.card.secret), "token", got.Access)
	if about.body["active"] != true || about.word("client_id") != client[1] {
		t.Errorf("%+v", about.body)
	}
	// One that was taken back is worthless at once.
	h.call("/connect/revocation", basic(client[1], secret[1]), "token", got.Access)
	if about := h.call("/connect/introspect", basic("card", h.card.secret), "token", got.Access); about.body["active"] != false {
		t.Errorf("%+v", about.body)
	}
}

const someKeys = `{"keys":[{"kty":"EC","crv":"P-256","x":"ymvQg765BREYjaU3ps9ycq92Ez6C-qZVrKKCZCEX6ns","y":"6wmXZwEAidNTmGA6vz3Q7taD3OY4yPoANfnJO5ONNx4","kid":"k","use":"sig"}]}`
