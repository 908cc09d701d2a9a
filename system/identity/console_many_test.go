package identity_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
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
		for path, link := range map[string]string{"/console/clients?state=approved": `href="/console/clients/c`, "/console/incidents": `href="/console/incidents/i`} {
			seen, pages := 0, 0
			for next := path; next != ""; pages++ {
				begun := time.Now()
				p := b.get(h.base + next)
				p.must(http.StatusOK)
				if took := time.Since(begun); len(p.body) > 200_000 || took > 3*time.Second {
					t.Fatalf("%s: %d bytes in %s", next, len(p.body), took)
				}
				seen += strings.Count(p.body, link)
				next = ""
				if rel := nextPage.FindStringSubmatch(p.body); rel != nil {
					next = strings.ReplaceAll(rel[1], "&amp;", "&")
				}
				if pages == 3 { // the rest is alike
					break
				}
			}
			if pages != 3 || seen != 4*50 && seen != 4*100 {
				t.Errorf("%s: %d on %d pages", path, seen, pages)
			}
		}
		b.get(h.base+"/console/clients?state=approved&after=c00050").must(http.StatusOK, "Система 00000")
		b.get(h.base+"/console/incidents?skip=9900").must(http.StatusOK, "N09999")
		b.get(fmtURL(h.base+"/console/clients", "find", "система 00007")).must(http.StatusOK, "Система 00007")
		b.get(fmtURL(h.base+"/console/clients", "find", "система")).must(http.StatusOK, "Показаны первые 50")
	})
}

// The installation's own systems stand in the console too, marked, and nothing is
// decided about them there.
func TestTheConsoleShowsTheInstallationsOwnSystems(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b, _ := h.atConsole()
	p := b.get(h.base+"/console/clients?state=own").must(http.StatusOK, "Собственные", "заданы в настройке установки")
	for _, id := range []string{"card", "portal"} {
		if !strings.Contains(p.body, `href="/console/clients/`+id+`"`) {
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

var nextPage = regexp.MustCompile(`href="([^"]*)" rel="next"`)
