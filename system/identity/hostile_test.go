package identity_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// What must not be answered to the client, since nobody knows whether the
// address is the client's, is told to the person.
func TestRequestsThatLeadNowhere(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	known := h.browser() // of somebody who is signed in and asked for nothing any more
	h.code(known, demo.Doctor)
	for name, want := range map[string]struct {
		address string
		status  int
		says    string
	}{
		"redirect_uri of nobody":      {h.request("redirect_uri", "https://evil.example/callback"), 400, "незарегистрированный адрес"},
		"redirect_uri with more":      {h.request("redirect_uri", callback+"/../x"), 400, "незарегистрированный адрес"},
		"redirect_uri that goes on":   {h.request("redirect_uri", callback+"x"), 400, "незарегистрированный адрес"},
		"redirect_uri, a slash more":  {h.request("redirect_uri", callback+"/"), 400, "незарегистрированный адрес"},
		"redirect_uri in capitals":    {h.request("redirect_uri", strings.ToUpper(callback)), 400, "незарегистрированный адрес"},
		"redirect_uri of another":     {h.request("redirect_uri", h.card.base+"/sign-in/callback"), 400, "незарегистрированный адрес"},
		"redirect_uri with a query":   {h.request("redirect_uri", callback+"?a=b"), 400, "незарегистрированный адрес"},
		"no redirect_uri":             {h.request("redirect_uri", ""), 400, "незарегистрированный адрес"},
		"unknown client":              {h.request("client_id", "nobody"), 400, "не подключена"},
		"no client":                   {h.request("client_id", ""), 400, "не подключена"},
		"a parameter twice":           {h.request() + "&redirect_uri=https://evil.example", 400, "неправильно"},
		"a huge state":                {h.request("state", strings.Repeat("x", 5000)), 400, "неправильно"},
		"a huge request":              {h.request("x", strings.Repeat("x", 20000)), 413, "слишком длинный"},
		"a flow that never was":       {h.base + "/connect/authorize/none", 410, "устарел"},
		"a sign-in that never was":    {h.base + "/sign-in?flow=none", 410, "устарел"},
		"a consent that never was":    {h.base + "/consent?flow=none", 410, "устарел"},
		"a consent without a flow":    {h.base + "/consent", 410, "устарел"},
		"end of session, wrong place": {h.base + "/connect/endsession?client_id=card&post_logout_redirect_uri=https://evil.example", 400, "незарегистрированный адрес"},
		"end of session, wrong hint":  {h.base + "/connect/endsession?id_token_hint=a.b.c", 400, "неправильно"},
	} {
		browsers := []*browser{h.browser()}
		if strings.Contains(name, "redirect_uri") || strings.Contains(name, "client") { // not quickly either
			browsers = append(browsers, known)
		}
		for i, b := range browsers {
			p := b.stay().get(want.address)
			if p.status != want.status || p.header.Get("Location") != "" || !strings.Contains(p.words(), want.says) {
				t.Errorf("%s, browser %d: %d %s\n%s", name, i, p.status, p.header.Get("Location"), p.words())
			}
		}
	}
}

func TestRequestsThatTheClientIsToldAbout(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	for name, want := range map[string]struct {
		pairs []string
		code  string
	}{
		"no PKCE":           {[]string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		"challenge in hex":  {[]string{"code_challenge", strings.Repeat("0a", 32)}, "invalid_request"},
		"challenge padded":  {[]string{"code_challenge", challenge() + "="}, "invalid_request"},
		"other base64":      {[]string{"code_challenge", "+/" + challenge()[2:]}, "invalid_request"},
		"challenge short":   {[]string{"code_challenge", challenge()[1:]}, "invalid_request"},
		"plain PKCE":        {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		"implicit":          {[]string{"response_type", "token"}, "unsupported_response_type"},
		"without PKCE":      {[]string{"response_type", "id_token token", "code_challenge", "", "code_challenge_method", ""}, "unsupported_response_type"},
		"id_token":          {[]string{"response_type", "id_token"}, "unsupported_response_type"},
		"hybrid":            {[]string{"response_type", "code id_token"}, "unsupported_response_type"},
		"none":              {[]string{"response_type", "none"}, "unsupported_response_type"},
		"in capitals":       {[]string{"response_type", "CODE"}, "unsupported_response_type"},
		"in the query":      {[]string{"response_type", "token", "response_mode", "query"}, "unsupported_response_type"},
		"no response_type":  {[]string{"response_type", ""}, "invalid_request"},
		"unknown scope":     {[]string{"scope", "openid everything"}, "invalid_scope"},
		"machine's scope":   {[]string{"scope", "openid system/*.read"}, "invalid_scope"},
		"no openid":         {[]string{"scope", "profile"}, "invalid_request"},
		"prompt none":       {[]string{"prompt", "none"}, "login_required"},
		"prompt none and x": {[]string{"prompt", "none login"}, "invalid_request"},
		"request object":    {[]string{"request", "a.b.c"}, "invalid_request_object"},
	} {
		b := h.browser().stay()
		p := b.get(h.request(want.pairs...))
		for range 3 { // through our own addresses to the client's
			if location := p.header.Get("Location"); strings.HasPrefix(location, "/") {
				p = b.get(h.base + location)
			}
		}
		location, _ := url.Parse(p.header.Get("Location"))
		query := location.Query()
		if location.Fragment != "" {
			query, _ = url.ParseQuery(location.Fragment)
		}
		if !strings.HasPrefix(location.String(), callback) || query.Get("error") == "" || query.Get("code") != "" || query.Get("error") != want.code ||
			query.Get("state") != "st-1" || query.Get("iss") != h.base || location.RawQuery != "" && location.Fragment != "" {
			t.Errorf("%s: %d %s\n%s", name, p.status, location, p.words())
		}
		// Who asked for a token looks for the answer behind the # (OAuth 2.0 Multiple
		// Response Type Encoding Practices, 5).
		if inFragment := slices.Contains([]string{"implicit", "without PKCE", "id_token", "hybrid"}, name); inFragment != (location.Fragment != "") {
			t.Errorf("%s: %s", name, location)
		}
	}
	// By a form, too, and nowhere where the address is not the client's.
	posted := h.browser().get(h.request("response_type", "token", "response_mode", "form_post"))
	if posted.status != http.StatusOK || !strings.Contains(posted.body, `action="`+callback+`"`) || !strings.Contains(posted.body, `value="unsupported_response_type"`) || !strings.Contains(posted.body, `value="st-1"`) {
		t.Errorf("%d %s", posted.status, posted.body)
	}
	for _, wrong := range [][]string{{"redirect_uri", "https://evil.example/"}, {"redirect_uri", ""}, {"client_id", "nobody"}, {"client_id", "fhir-reader"}} {
		h.browser().stay().get(h.request(append([]string{"response_type", "token"}, wrong...)...)).must(http.StatusBadRequest)
	}
	// A challenge without a method would be plain by RFC 7636 (4.3, 4.4.1).
	b := h.browser()
	h.code(b, demo.Doctor)
	if got := b.answerOf(b.stay().get(h.request("code_challenge_method", "", "code_challenge", verifier))); got.Get("error") != "invalid_request" || got.Get("code") != "" {
		t.Errorf("plain by default: %v", got)
	}
}

// RFC 9700, 4.11.2: whoever registers a client has made no redirector of ЕСИ. What
// is on trial leads its owner back, and a stranger nowhere, but to a program on the
// machine on which they sit.
func TestRFC9700AClientOnTrialIsNoRedirector(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	const far = "https://elsewhere.example/cb"
	c := h.connect(demo.Doctor, func(s *openid.Settings) {
		s.Redirects, s.PostLogout = append(s.Redirects, far), append(s.PostLogout, far)
	})
	owner, stranger, nobody := h.browser(), h.browser(), h.browser()
	h.code(owner, demo.Doctor)
	h.code(stranger, demo.Patient)
	end := fmtURL(h.base+"/connect/endsession", "client_id", c.ID, "post_logout_redirect_uri", far)
	asked := map[string]string{
		"a silent request":      h.request("client_id", c.ID, "redirect_uri", far, "prompt", "none"),
		"a type there is not":   h.request("client_id", c.ID, "redirect_uri", far, "response_type", "token"),
		"by a form":             h.request("client_id", c.ID, "redirect_uri", far, "response_type", "token", "response_mode", "form_post"),
		"a scope there is not":  h.request("client_id", c.ID, "redirect_uri", far, "scope", "openid x"),
		"the same by a form":    h.request("client_id", c.ID, "redirect_uri", far, "scope", "openid x", "response_mode", "form_post"),
		"a request that is bad": h.request("client_id", c.ID, "redirect_uri", far, "request", "a.b.c"),
	}
	for name, address := range asked {
		for who, b := range map[string]*browser{"a stranger": stranger, "nobody": nobody} {
			if p := b.stay().get(address); p.status < 400 || p.header.Get("Location") != "" || strings.Contains(p.body, far) {
				t.Errorf("%s, %s: %d %s", name, who, p.status, p.header.Get("Location"))
			}
		}
		if p := owner.stay().get(address); !strings.HasPrefix(p.header.Get("Location"), far) && !strings.Contains(p.body, `action="`+far) {
			t.Errorf("%s, its owner: %d %s", name, p.status, p.header.Get("Location"))
		}
	}
	if p := nobody.stay().get(end); p.status != http.StatusForbidden || p.header.Get("Location") != "" {
		t.Errorf("%d %s", p.status, p.header.Get("Location"))
	}
	if got := nobody.answerOf(nobody.stay().get(h.request("client_id", c.ID, "prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("on one's own machine: %v", got)
	}
	approve(t, h, c)
	for name, address := range asked {
		if p := nobody.stay().get(address); !strings.HasPrefix(p.header.Get("Location"), far) && !strings.Contains(p.body, `action="`+far) {
			t.Errorf("%s, approved: %d %s", name, p.status, p.header.Get("Location"))
		}
	}
	if p := nobody.stay().get(end); p.header.Get("Location") != far {
		t.Errorf("%d %s", p.status, p.header.Get("Location"))
	}
}

func TestSilenceFreshnessAndHints(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	first := h.redeem(h.code(b, demo.Doctor).Get("code"))
	subject := h.verify(first.ID)["sub"]
	silent := func(pairs ...string) url.Values {
		return b.answerOf(b.stay().get(h.request(append([]string{"prompt", "none"}, pairs...)...)))
	}
	b = b.stay()
	if got := h.redeem(silent().Get("code")); got.status != http.StatusOK || h.verify(got.ID)["sub"] != subject {
		t.Fatalf("%+v", got)
	}
	if got := silent("id_token_hint", first.ID); got.Get("code") == "" {
		t.Fatal(got)
	}
	if got := silent("scope", "openid profile email"); got.Get("error") != "consent_required" {
		t.Fatal(got) // more than was remembered
	}
	if got := silent("acr_values", "something:else", "display", "hologram"); got.Get("code") == "" {
		t.Fatal(got) // voluntary wishes
	}
	// What cannot be kept is refused and not passed over.
	for name, value := range map[string]string{"max_age": "-1", "prompt": "create"} {
		if got := silent(name, value); got.Get("error") != "invalid_request" || got.Get("state") != "st-1" || got.Get("iss") != h.base {
			t.Error(name, value, got)
		}
	}
	if got := silent("id_token_hint", "a.b.c"); got.Get("error") != "invalid_request" || got.Get("iss") != h.base {
		t.Error(got)
	}
	framed := b.get(h.request("prompt", "none", "id_token_hint", "a.b.c", "response_mode", "fragment"))
	if where := framed.header.Get("Location"); !strings.HasPrefix(where, callback+"#") || !strings.Contains(where, "error=invalid_request") || !strings.Contains(where, "state=st-1") {
		t.Error(framed.status, where)
	}
	if got := silent("max_age", "an hour"); got.Get("error") != "invalid_request" {
		t.Error(got)
	}
	if got := silent("max_age", "0"); got.Get("error") != "login_required" {
		t.Error(got)
	}
	h.clock.advance(10 * time.Minute)
	if got := silent("max_age", "60"); got.Get("error") != "login_required" {
		t.Fatal(got)
	}
	if got := silent("max_age", "3600"); got.Get("code") == "" {
		t.Fatal(got)
	}
	walk := &browser{t: t, agent: b.agent, client: &http.Client{Transport: h.network, Jar: b.client.Jar}}
	walk.get(h.request("prompt", "consent")).must(http.StatusOK, "Передача данных")
	// prompt=login: the session is there, and a password is asked all the same.
	p := walk.get(h.request("prompt", "login"))
	p = walk.submit(p.must(http.StatusOK, "Вход"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password)
	h.inbox.clear()
	p = walk.submit(p, "/sign-in/code/send", "channel", "email")
	fresh := h.redeem(b.answerOf(b.submit(p.must(http.StatusOK, "a•••@demo.sanarip.example"), "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Email))).Get("code"))
	claims := h.verify(fresh.ID)
	if claims["sid"] != h.verify(first.ID)["sid"] || claims["auth_time"].(float64) <= h.verify(first.ID)["auth_time"].(float64) {
		t.Fatalf("%v", claims)
	}
	// Somebody else signs in with the same browser: the first session ends.
	p = walk.get(h.request("prompt", "select_account"))
	h.inbox.clear()
	p = walk.submit(p, "/sign-in", "pin", demo.Surgeon.PIN, "password", demo.Password)
	p = walk.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Surgeon.Phone))
	p.must(http.StatusOK, "Исаков")
	if status, _ := h.userInfo(fresh.Access); status != http.StatusUnauthorized {
		t.Fatal("the first person's token lives on")
	}
	if got := silent("id_token_hint", first.ID); got.Get("error") != "login_required" {
		t.Fatal(got)
	}
}

// A client's page posts its request and wants the answer by a form (in live use
// with the real ЕСИ). Neither is a forgery.
func TestPostedRequestAndFormPost(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	address, _ := url.Parse(h.request("response_mode", "form_post", "ui_locales", "ky"))
	r, _ := http.NewRequest(http.MethodPost, h.base+"/connect/authorize", strings.NewReader(address.RawQuery))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", "http://127.0.0.1:9400")
	p := b.do(r)
	p.must(http.StatusOK, "Кирүү", "Сыноо колдонмосу")
	p = b.submit(p, "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password)
	p = b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Phone))
	p = b.submit(p, "/consent", "decision", "allow", "agreement", "1")
	p.must(http.StatusOK, "Улантуу")
	if !strings.Contains(p.body, `action="`+callback+`"`) || !strings.Contains(p.body, `name="state" value="st-1"`) {
		t.Fatal(p.body)
	}
	if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http://") || !strings.Contains(policy, "http://127.0.0.1:9400") {
		t.Fatal(policy)
	}
	code := strings.Split(strings.Split(p.body, `name="code" value="`)[1], `"`)[0]
	if got := h.redeem(code); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	b.get(h.base + "/connect/form-post.js").must(http.StatusOK)
	// A huge body is refused before it is read.
	r, _ = http.NewRequest(http.MethodPost, h.base+"/connect/authorize", strings.NewReader("state="+strings.Repeat("x", 100<<10)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p := b.do(r); p.status != http.StatusRequestEntityTooLarge {
		t.Fatal(p.status)
	}
	if status, _, body := h.ask("/connect/token", nil, "code", strings.Repeat("x", 100<<10)); status != http.StatusRequestEntityTooLarge {
		t.Fatalf("%d %s", status, body)
	}
}

func TestAFlowBelongsToItsBrowser(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	mine, other, known := h.browser(), h.browser(), h.browser()
	h.code(known, demo.Nurse) // signed in, and asked for nothing any more
	p := h.signIn(mine, mine.get(h.request()), demo.Doctor)
	p.must(http.StatusOK, "Передача данных")
	flow := p.url.Query().Get("flow")
	for _, path := range []string{"/connect/authorize/" + flow, "/consent?flow=" + flow, "/sign-in?flow=" + flow} {
		other.get(h.base+path).must(http.StatusForbidden, "другом браузере")
	}
	if p := known.stay().get(h.base+"/connect/authorize/"+flow).must(http.StatusForbidden, "другом браузере"); p.header.Get("Location") != "" {
		t.Fatal("somebody else goes on with the flow:", p.header.Get("Location"))
	}
	other.post(h.base+"/consent?flow="+flow, url.Values{"decision": {"allow"}, "agreement": {"1"}}).must(http.StatusForbidden)
	other.post(h.base+"/sign-in/cancel?flow="+flow, nil).must(http.StatusForbidden)
	answer := mine.answerOf(mine.stay().submit(p, "/consent", "decision", "allow", "agreement", "1"))
	if answer.Get("code") == "" {
		t.Fatal(answer)
	}
	// Over is over: the address gives no second code.
	if p := mine.stay().get(h.base + "/connect/authorize/" + flow); p.status != http.StatusGone {
		t.Fatal(p.status, p.header.Get("Location"))
	}
	// A page of another site cannot answer for the person.
	r, _ := http.NewRequest(http.MethodPost, h.base+"/consent?flow="+flow, strings.NewReader("decision=allow"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	mine.do(r).must(http.StatusForbidden)
}

func TestForgedAndReplayedAnswersAtASystem(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	p := h.signIn(b, b.get(h.card.base+"/"), demo.Doctor)
	done := b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", "remember", "1")
	answer := b.stay().get(h.base + done.header.Get("Location"))
	address := answer.header.Get("Location")
	if !strings.HasPrefix(address, h.card.base+"/sign-in/callback?") {
		t.Fatal(address)
	}
	h.browser().get(address).must(http.StatusBadRequest) // in another browser
	forged, _ := url.Parse(address)
	query := forged.Query()
	query.Set("state", "forged")
	forged.RawQuery = query.Encode()
	b.get(forged.String()).must(http.StatusBadRequest)
	b.get(address).must(http.StatusOK)         // the true one
	b.get(address).must(http.StatusBadRequest) // replayed
	// The card's cookie opens nothing at ЕСИ, nor the other way round.
	for _, cookie := range b.client.Jar.Cookies(mustURL(h.card.base)) {
		r, _ := http.NewRequest(http.MethodGet, h.base+"/", nil)
		r.AddCookie(&http.Cookie{Name: "sanarip_identity", Value: cookie.Value})
		h.browser().do(r).must(http.StatusOK, "Единый вход")
	}
	for _, cookie := range b.client.Jar.Cookies(mustURL(h.base)) {
		r, _ := http.NewRequest(http.MethodGet, h.card.base+"/", nil)
		r.AddCookie(&http.Cookie{Name: "sanarip_card", Value: cookie.Value})
		if p := h.browser().stay().do(r); p.status != http.StatusSeeOther {
			t.Fatal(p.status)
		}
	}
}

func mustURL(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}

// The same answer for a wrong password and for a ПИН without an account, the
// same lock for both, shared through the database.
func TestGuessingIsLockedAndTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const nobody = "20101199900999"
		said := map[string][]string{}
		home := h.browser() // where she has signed in before
		h.signIn(home, home.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
		home.post(h.base+"/sign-out", nil)
		for _, pin := range []string{demo.Doctor.PIN, nobody} {
			b := h.browser()
			p := b.get(h.base + "/sign-in")
			for range 6 {
				got := b.submit(p, "/sign-in", "pin", pin, "password", "Wrong-pass-1")
				if strings.Contains(got.body, "Wrong-pass-1") {
					t.Fatal("the password comes back")
				}
				said[pin] = append(said[pin], b.seen(got, pin))
			}
			got := b.submit(p, "/sign-in", "pin", pin, "password", demo.Password).must(http.StatusTooManyRequests, "Слишком много попыток")
			said[pin] = append(said[pin], b.seen(got, pin))
		}
		sameSeen(t, said[nobody], said[demo.Doctor.PIN])
		h.signIn(home, home.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
		h.clock.advance(time.Minute)
		b := h.browser()
		h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
	})
}

func TestCodesServeOnceBrieflyAndFewTimes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		begin := func() shown {
			h.inbox.clear()
			return b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password).must(http.StatusOK, "+996 ••• •••264")
		}
		p := begin()
		code := h.inbox.code(t, demo.Nurse.Phone)
		for range 5 {
			b.submit(p, "/sign-in/code", "code", othertest.Than(code)).must(http.StatusUnprocessableEntity, "Код неверен")
		}
		if spent := b.submit(p, "/sign-in/code", "code", code).must(http.StatusUnprocessableEntity, "больше не действует"); strings.Contains(spent.body, "Он действует") {
			t.Errorf("a spent code is said to hold:\n%s", spent.words())
		}
		h.inbox.clear()
		p = b.submit(p, "/sign-in/code/send", "channel", "sms").must(http.StatusOK, "Новый код отправлен")
		second := h.inbox.code(t, demo.Nurse.Phone)
		h.clock.advance(3*time.Minute + time.Second)
		b.submit(p, "/sign-in/code", "code", second).must(http.StatusUnprocessableEntity, "истёк")
		h.inbox.clear()
		p = b.submit(p, "/sign-in/code/send", "channel", "sms")
		third := h.inbox.code(t, demo.Nurse.Phone)
		if second != third {
			b.submit(p, "/sign-in/code", "code", second).must(http.StatusUnprocessableEntity, "Код неверен")
		}
		b.submit(p, "/sign-in/code", "code", third[:3]+" "+third[3:]).must(http.StatusOK, "Мой аккаунт")
		if late := b.stay().post(h.base+"/sign-in/code", url.Values{"code": {third}}); late.status != http.StatusSeeOther || late.header.Get("Location") != "/sign-in" {
			t.Errorf("a sign-in that is over leads to %d %s", late.status, late.header.Get("Location"))
		}
		// Codes are not sent without end.
		b.post(h.base+"/sign-out", nil)
		p = begin() // the browser is known now, and has a count of its own
		for range 8 {
			p = b.submit(p, "/sign-in/code/send", "channel", "sms")
		}
		p.must(http.StatusTooManyRequests, "Слишком много попыток")
		b.post(h.base+"/sign-in/code/send", url.Values{"channel": {"totp"}}).must(http.StatusBadRequest) // she has no app
		// Nothing of a code lies in the database.
		h.inNoJob(third)
	})
}

func TestAuthenticatorAppIsTheFirstChoiceOfWhoHasOne(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Head.PIN, "password", demo.Password)
	p.must(http.StatusOK, "приложения-аутентификатора", "Получить по SMS")
	code, err := totp.GenerateCode(demo.Head.TOTP, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.submit(p, "/sign-in/code", "code", code).must(http.StatusOK, "Токтогулов")
	b.get(h.base+"/security").must(http.StatusOK, "Приложение-аутентификатор есть")
}

func TestSignOutAsksWhereTheSystemHasNoProof(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	got := h.redeem(h.code(b, demo.Doctor).Get("code"))
	p := b.get(fmtURL(h.base+"/connect/endsession", "client_id", "card", "post_logout_redirect_uri", h.card.base+"/"))
	p.must(http.StatusOK, "Выйти отовсюду", "Остаться")
	b.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
	out := b.stay().get(fmtURL(h.base+"/connect/endsession", "id_token_hint", got.ID, "post_logout_redirect_uri", "http://127.0.0.1:9400/", "state", "s1"))
	if out.header.Get("Location") != "http://127.0.0.1:9400/?state=s1" {
		t.Fatal(out.status, out.header.Get("Location"), out.words())
	}
	b.get(h.base+"/").must(http.StatusOK, "Единый вход")
	// The one who was asked, and agrees.
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Surgeon)
	p = b.get(fmtURL(h.base+"/connect/endsession", "client_id", "card", "post_logout_redirect_uri", h.card.base+"/"))
	b.submit(p, "/sign-out", "logout", p.url.Query().Get("logout")).must(http.StatusOK, "Вы входите в систему")
}
