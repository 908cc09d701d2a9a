package identity_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/registration"
)

// Ten thousand systems and as many incidents: each page is short, quick, and leads
// on to the last.
func TestListsOfTheConsoleAreLedThrough(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		const many = 10_000
		account, now := h.account(demo.Doctor), db.Micros(h.clock.Now())
		const five = `substr('00000' || CAST(i AS TEXT), length(CAST(i AS TEXT)) + 1)`
		numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)`, many-1)
		h.exec(d, numbers+` INSERT INTO connected_client (id, owner_id, name_ky, name_ru, name_en, address, redirects, post_logout, back_channel, front_channel,
			scopes, grants, method, secret_hash, previous_hash, previous_until, jwks, profile, pairwise, opaque, alg, state, reason, created_at, changed_at, token_life,
			refresh_life, dpop_nonce) SELECT 'c' || `+five+`, '`+account+`', 'Система ' || `+five+`, 'Система ' || `+five+`, 'Система ' || `+five+`, '', '', '', '', '',
			'openid', 'authorization_code', 'client_secret_basic', '', '', 0, '', 'plain', 0, 0, 'RS256', 'approved', '', 1, 1, 0, 0, 0 FROM n`)
		h.exec(d, numbers+` INSERT INTO incident (id, number, kind, at, state, account_id, about, detail, reference, version)
			SELECT 'i' || `+five+`, 'N' || `+five+`, 'spray', `+strconv.FormatInt(now, 10)+` + i, 'open', '', '', '', 'r' || `+five+`, 1 FROM n`)
		h.exec(d, numbers+` INSERT INTO incident (id, number, kind, at, state, account_id, about, detail, reference, version)
			SELECT 'k' || `+five+`, 'C' || `+five+`, 'spray', `+strconv.FormatInt(now, 10)+` + i / 150, 'closed', '', '', '', 'c' || `+five+`, 1 FROM n`)
		for path, link := range map[string]string{
			"/console/clients?state=approved": `href="/console/clients/c`, "/console/incidents": `href="/console/incidents/i`, "/console/incidents?state=closed": `href="/console/incidents/k`,
		} {
			seen := map[string]bool{}
			ids := regexp.MustCompile(link + `(\d+)"`)
			show := func(path string) (p shown, first string) {
				begun := time.Now()
				p = b.get(h.base + path)
				p.must(http.StatusOK)
				if took := time.Since(begun); len(p.body) > 200_000 || took > 3*time.Second {
					t.Fatalf("%s: %d bytes in %s", path, len(p.body), took)
				}
				for _, each := range ids.FindAllStringSubmatch(p.body, -1) {
					seen[each[1]] = true
				}
				return p, ids.FindStringSubmatch(p.body)[1]
			}
			p, first := show(path)
			firsts := []string{first}
			for range 3 { // the rest is alike
				p, first = show(beside(t, p.body, "next"))
				firsts = append(firsts, first)
			}
			if len(seen) != 4*50 && len(seen) != 4*100 {
				t.Errorf("%s: %d on four pages", path, len(seen))
			}
			if !strings.Contains(path, "incidents") {
				continue
			}
			for i := range 3 { // and back
				p, first = show(beside(t, p.body, "prev"))
				if first != firsts[2-i] {
					t.Errorf("%s: back at %s instead of %s", path, first, firsts[2-i])
				}
			}
			if strings.Contains(p.body, `rel="prev"`) {
				t.Errorf("%s: there is something before the first", path)
			}
		}
		b.get(h.base+"/console/clients?state=approved&after=c00050").must(http.StatusOK, "Система 00000")
		last := b.get(h.base+"/console/incidents?after="+strconv.FormatInt(now+9899, 10)+".i09899").must(http.StatusOK, "N09999", `999+`)
		if strings.Contains(last.body, `rel="next"`) {
			t.Error("there is something after the last")
		}
		b.get(h.base+"/console/incidents?after=nonsense").must(http.StatusOK, "N00000")
		for query, index := range map[string]string{
			`SELECT id FROM incident WHERE state <> 'closed' AND (at, id) > ($1, $2) ORDER BY at, id LIMIT 101`:              "incident_to_handle",
			`SELECT id FROM incident WHERE state = 'closed' AND (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT 101`:     "incident_state",
			`SELECT id FROM connected_client WHERE state = 'test' AND changed_at > $1 AND id < $2 ORDER BY id DESC LIMIT 51`: "connected_client_state",
		} {
			if plan := h.planOf(d, query, now, "i"); !strings.Contains(plan, index) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort") {
				t.Error(plan)
			}
		}
		b.get(fmtURL(h.base+"/console/clients", "find", "система 00007")).must(http.StatusOK, "Система 00007")
		b.get(fmtURL(h.base+"/console/clients", "find", "система")).must(http.StatusOK, "Показаны первые 50")
		// A search reads what fits, by the index: found at once among ten thousand.
		for query, args := range map[string][]any{
			`SELECT client_id FROM client_part WHERE part = $1 ORDER BY client_id DESC LIMIT 51`: {"система"},
			`SELECT 1 FROM client_part p WHERE p.client_id = $1 AND p.part = $2`:                 {"c00007", "00007"},
			`SELECT id FROM connected_client WHERE findable = 0 LIMIT 100`:                       nil,
		} {
			if plan := h.planOf(d, query, args...); strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN client_part") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort") {
				t.Error(plan)
			}
		}
		for words, fits := range map[string]bool{
			"СИСТЕМА": true, "0000 сис": true, "00007  Система": true, "c0000": true, "истема": false, "система 99999": false, "система портал": false, "—": false,
		} {
			if p := b.get(fmtURL(h.base+"/console/clients", "find", words)).must(http.StatusOK); strings.Contains(p.body, `href="/console/clients/c`) != fits {
				t.Errorf("%q: %s", words, p.words())
			}
		}
		// Another name: found by it, and no more by the one before.
		c := h.connect(demo.Surgeon, func(s *openid.Settings) {
			s.Name = text.Words{KY: "Дарыкана", RU: "Аптека", EN: "Pharmacy"}
		})
		if _, err := h.esi.Registry().Update(t.Context(), h.account(demo.Surgeon), c.ID, openid.Settings{
			Name: text.Words{KY: "Банк", RU: "Банк «Өмүр»", EN: "Bank"}, Redirects: []string{callback}, Scopes: openid.PersonScopes,
			Grants: []openid.Grant{openid.GrantCode}, Method: openid.MethodBasic, Profile: openid.ProfilePlain,
		}); err != nil {
			t.Fatal(err)
		}
		for words, fits := range map[string]bool{"дарыкана": false, "аптека": false, "өмүр": true, "127.0.0.1:9400": true, c.ID: true, c.ID[:8]: true} {
			if p := b.get(fmtURL(h.base+"/console/clients", "find", words)).must(http.StatusOK); strings.Contains(p.body, c.ID) != fits {
				t.Errorf("%q: %s", words, p.words())
			}
		}
	})
}

// Ten thousand registrations wait: the queue is led through by an index, those
// without an account first, and goes on where it stood when the last is decided.
func TestTheQueueOfTenThousandIsLedThrough(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		const many = 10_000
		const five = `substr('00000' || CAST(i AS TEXT), length(CAST(i AS TEXT)) + 1)`
		h.exec(d, fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO registration (id, token_hash, state, version, lang, flow, pin, passport, person, doubt, claim, agreement, agreement_lang, agreed_at, phone, phone_at,
				email, email_at, photo_id, photo_at, photo_refused, photo_doubt, document_id, account_id, proof, asked_at, decided_at, decided_by, decided_name, reason,
				created_at, expires_at)
			SELECT 'q' || `+five+`, 'h' || `+five+`, CASE WHEN i < 9900 THEN 'finished' ELSE 'waiting' END, 0, 'ru', '', '20101199000017', '', '', '', '', '', '', 0, '', 0,
				'', 0, '', 0, 0, '', '', '', 'waiting', 1000000 + i, 0, '', '', '', 1, 1 FROM n`, many-1))
		first := regexp.MustCompile(`href="/console/proofing/(q\d+)"`)
		seen := map[string]bool{}
		next := "/console/proofing"
		for range 3 {
			begun := time.Now()
			p := b.get(h.base+next).must(http.StatusOK, "10000 регистраций")
			if took := time.Since(begun); took > 10*time.Second || len(p.body) > 200_000 {
				t.Fatalf("%d bytes in %s", len(p.body), took)
			}
			for _, each := range first.FindAllStringSubmatch(p.body, -1) {
				seen[each[1]] = true
			}
			if next == "/console/proofing" && (!seen["q09900"] || !seen["q09999"] || len(seen) != 100) {
				t.Fatal("those without an account are not the first", len(seen))
			}
			if rel := nextPage.FindStringSubmatch(p.body); rel != nil {
				next = strings.ReplaceAll(rel[1], "&amp;", "&")
			}
			h.exec(d, `UPDATE registration SET state = 'finished', proof = 'approved' WHERE id = 'q09999'`)
			h.exec(d, `UPDATE registration SET proof = 'waiting' WHERE id = 'q09999'`) // only its group has changed
		}
		if len(seen) != 300 {
			t.Errorf("%d of 300 were shown", len(seen))
		}
		if plan := h.planOf(d, registration.AskedQuery, 0, 0, "", 100); !strings.Contains(plan, "registration_asked") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort") {
			t.Error(plan)
		}
	})
}

// planOf is how the engine would answer the question.
func (h *house) planOf(d *db.DB, query string, args ...any) string {
	h.t.Helper()
	explain, statistics := `EXPLAIN QUERY PLAN `, `ANALYZE`
	if d.Dialect == db.Postgres {
		explain, statistics = `EXPLAIN `, `ANALYZE`
	}
	h.exec(d, statistics)
	var plan strings.Builder
	for row, err := range db.Rows(h.t.Context(), d.Read, explain+query, args...) {
		if err != nil {
			h.t.Fatal(err)
		}
		var line string
		into := []any{&line}
		if d.Dialect != db.Postgres {
			var id, parent, unused int
			into = []any{&id, &parent, &unused, &line}
		}
		if err := row.Scan(into...); err != nil {
			h.t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	return plan.String()
}

// The installation's own systems stand in the console too, marked, and nothing is
// decided about them there.
func TestTheConsoleShowsTheInstallationsOwnSystems(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b, _ := h.atConsole()
	p := b.get(h.base+"/console/clients?state=own").must(http.StatusOK, "Собственные", "заданы в настройке установки")
	for _, id := range []string{"card", "portal"} {
		if !strings.Contains(p.body, `href="/console/clients/`+id+`"`) || !strings.Contains(p.body, `<code>`+id+`</code>`) {
			t.Errorf("%s is not listed", id)
		}
		one := b.get(h.base + "/console/clients/" + id)
		one.must(http.StatusOK, "Собственные", "Может спросить о любом токене", "RS256", "проверяется открытым ключом")
		if strings.Contains(one.body, `name="decision"`) || strings.Contains(one.body, secretOf(id)) {
			t.Errorf("%s: something can be decided, or its secret is shown", id)
		}
		if got := b.post(h.base+"/console/clients/"+id, url.Values{"decision": {"block"}, "reason": {"договор № 5"}}); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", id, got.status)
		}
		b.get(fmtURL(h.base+"/console/clients", "find", strings.ToUpper(id))).must(http.StatusOK, "Собственные")
	}
	b.get(h.base+"/console/clients?state=approved").must(http.StatusOK, "Таких систем нет")
}

// beside is the address of the page before or after.
func beside(t *testing.T, body, rel string) string {
	t.Helper()
	link := regexp.MustCompile(`href="([^"]*)" rel="` + rel + `"`).FindStringSubmatch(body)
	if link == nil {
		t.Fatalf("no page is %s", rel)
	}
	return strings.ReplaceAll(link[1], "&amp;", "&")
}

// A year of sign-ins: the statistics count those of past hours once, and give what
// counting each would give.
func TestStatisticsOfAYearAreCountedOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		h.clock.stop()
		const many = 50_000 // one each ten minutes
		now := strconv.FormatInt(db.Micros(h.clock.Now()), 10)
		numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)`, many-1)
		h.exec(d, numbers+` INSERT INTO visit (id, account_id, at, method, level, agent, address, client_id, outcome)
			SELECT 'v' || i, '`+h.account(demo.Doctor)+`', `+now+` - CAST(i AS BIGINT) * 600000000, CASE i % 5 WHEN 0 THEN 'passkey' ELSE 'password' END,
			'substantial', '', '10.0.0.1', 'portal', CASE WHEN i % 7 = 0 THEN 'refused' ELSE 'entered' END FROM n`)
		h.exec(d, numbers+` INSERT INTO stray (id, at, method, agent, address, client_id)
			SELECT 's' || i, `+now+` - CAST(i AS BIGINT) * 3600000000, 'password', '', '10.0.0.1', '' FROM n WHERE i < 5000`)
		figures := func() (all []string) {
			for _, span := range []string{"hours", "days", "weeks", "months"} {
				body := b.get(h.base + "/console/statistics?span=" + span).must(http.StatusOK).body
				for _, cell := range regexp.MustCompile(`(?s)<table.*</table>`).FindAllString(body, -1) {
					all = append(all, span+cell)
				}
			}
			return all
		}
		// Nothing is counted yet, or part: then all of the past.
		h.exec(d, `DELETE FROM visit_count`)
		h.exec(d, `UPDATE visit_counted SET until = 9000000000000000`)
		none := figures()
		h.exec(d, `UPDATE visit_counted SET until = 0`)
		one := figures()
		if slices.Equal(one, none) {
			t.Fatal("the page counts what is said to be counted")
		}
		for range 2 { // the second time changes nothing
			if err := h.esi.CountSignIns(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(figures(), one) {
				t.Error("counted beforehand, the figures are others")
			}
		}
		h.clock.advance(95 * time.Minute)
		b, _ = h.atConsole()
		two := figures()
		if err := h.esi.CountSignIns(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(figures(), two) || slices.Equal(one, two) {
			t.Error("the next hour is not added")
		}
		h.exec(d, `DELETE FROM visit WHERE id LIKE 'v%' AND at < (SELECT until FROM visit_counted)`)
		if !slices.Equal(figures(), two) {
			t.Error("what is counted is counted again")
		}
	})
}

var nextPage = regexp.MustCompile(`href="([^"]*)" rel="next"`)
