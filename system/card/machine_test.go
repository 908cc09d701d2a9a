package card

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func (h house) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	err := h.desk.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// That two machines bear one name is read on the page of each and at the centre, in
// every language; there the operator alone decides which goes on, and it is recorded.
func TestTwoMachinesOfANodeAreSeenAndDecided(t *testing.T) {
	const waits = "0198c0de-0000-7000-8000-0000ab12cd34"
	centre := newHouse(t, func(e *host.Env) { e.Settings = map[string]string{"nodes": "osh=" + cardtest.Hospital} })
	centre.exec(t, `UPDATE node_peer SET epoch = 1, token = 'a', contact_at = $2, asks = $1, asks_at = $2 WHERE name = 'osh'`, waits, db.Micros(centre.now.Now()))
	centre.n.Set(func(n *cardtest.Neighbours) {
		n.Orgs = append(n.Orgs, workforceapi.Organisation{Code: "900010", Kind: "operator"})
		post := cardtest.Post("11111198000011", "Оператор", workforceapi.Operator, "")
		post.Organisation = "900010"
		n.PostsOf = append(n.PostsOf, post)
	})
	if _, err := centre.desk.Directory.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	doctor, operator := centre.signIn(t, doctorPIN), centre.signIn(t, "11111198000011")
	for lang, words := range map[string]string{"ky": "эки машина иштетилген", "ru": "запущены две машины", "en": "Two machines were started"} {
		body := operator.get("/node?lang=" + lang)
		has(t, body, words, "AB12CD34", `action="/node/machine"`)
		if body := doctor.get("/node?lang=" + lang); !strings.Contains(body, words) || strings.Contains(body, `action="/node/machine"`) {
			t.Errorf("%s: who may not decide is shown the wrong thing", lang)
		}
	}
	decide := []string{"node", "osh", "machine", "AB12CD34"}
	if status, _, _ := doctor.post("/node/machine", decide...); status != http.StatusForbidden {
		t.Errorf("a doctor decides: %d", status)
	}
	if status, _, _ := operator.post("/node/machine", "node", "osh", "machine", "00000000"); status != http.StatusConflict {
		t.Errorf("another machine than the one that is shown: %d", status)
	}
	if status, where, _ := operator.post("/node/machine", decide...); status != http.StatusSeeOther || where != "/node" {
		t.Errorf("decided: %d %s", status, where)
	}
	if strings.Contains(operator.get("/node?lang=ru"), `action="/node/machine"`) {
		t.Error("what is decided is asked again")
	}
	var recorded int
	if err := centre.desk.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record WHERE action = 'node.allow' AND object = 'osh' AND actor_pin = '11111198000011'`).Scan(&recorded); err != nil || recorded != 1 {
		t.Errorf("the decision is recorded %d times: %v", recorded, err)
	}

	node := newNode(t)
	doctor = node.signIn(t, doctorPIN)
	node.exec(t, `UPDATE node_self SET epoch = 1, phase = 'ready', contact_at = $1, other_at = $1`, db.Micros(node.now.Now()))
	for lang, words := range map[string]string{"ky": "дагы бир машина", "ru": "запущена ещё одна машина", "en": "Another machine was started"} {
		has(t, doctor.get("/node?lang="+lang), words)
	}
	node.exec(t, `UPDATE node_self SET phase = 'halted', halt_reason = 'copied', nonce = $1, down_since = $2, trouble = 'card.node.copied'`, waits, db.Micros(node.now.Now()))
	for lang, words := range map[string]string{"ky": "бул жерде номер берилбейт", "ru": "здесь номера не выдаются", "en": "no numbers are given here"} {
		body := doctor.get("/node?lang=" + lang)
		has(t, body, words, "AB12CD34")
		for _, wrong := range []string{"запущена ещё одна", "уже меньше минуты"} { // the line is there
			if strings.Contains(body, wrong) {
				t.Errorf("the page of the stopped one says %q", wrong)
			}
		}
	}
}
