package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// What the centre and a hospital's node both changed while the line was cut stands
// on the node's page with both values, who wrote each and who decides; one of
// them does, and what was not taken is kept beside it.
func TestWhatBothSidesChangedIsDecided(t *testing.T) {
	needE2E(t)
	h := newHospital(t)
	h.start("centre")
	central := h.central("card")
	h.until("the demo's patients lie", func() bool {
		return len(column(t, central, `SELECT MIN('all') FROM stay HAVING COUNT(*) >= 8`)) == 1
	})
	h.start("node")
	own := h.own()
	lies := `SELECT s.id FROM stay s JOIN patient p ON p.id = s.patient_id WHERE p.pin = '` + demo.Residents[0].PIN + `' AND s.state = 'open'`
	h.until("the node has what is its own", func() bool {
		return len(column(t, own, `SELECT phase FROM node_self WHERE phase = 'ready'`)) == 1 && len(column(t, own, lies)) == 1
	})
	centre, there := &hand{newPlain(t), h.site["card"]}, &hand{newPlain(t), h.node}
	centre.goTo(centre.base + "/sign-in")
	centre.signIn(h.world, demo.Doctor)
	there.goTo(h.node + "/sign-in")
	there.signIn(h.world, demo.Surgeon)
	b := open(t, "conflicts", 1440, "ru")
	b.goTo(h.node + "/sign-in")
	b.signIn(h.world, demo.Statistician)
	centre.client.Transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", h.centrePort))
	}}
	stay := "/stays/" + column(t, own, lies)[0]
	mother := "/stays/" + column(t, own, `SELECT s.id FROM stay s JOIN patient p ON p.id = s.patient_id WHERE p.sex = 'female' AND s.state = 'open' AND p.birth_date > '1977' ORDER BY s.id`)[0]
	person := "/patients/" + column(t, own, `SELECT patient_id FROM stay WHERE id = '`+strings.TrimPrefix(stay, "/stays/")+`'`)[0]

	h.line.cut()
	h.until("the node knows that it has no line", func() bool {
		return len(column(t, own, `SELECT down_since FROM node_self WHERE down_since > 0`)) == 1
	})
	for p, words := range map[*hand]struct{ phone, alerts, kin, reason, weight string }{
		centre: {"+996 700 111 222", "Аллергия на пенициллин: крапивница", "Кадыров Болот", "Заменён на цефтриаксон", "3210"},
		there:  {"+996 555 333 444", "Аллергия на пенициллин: анафилаксия в 2019 году.\nБронхиальная астма.", "Кадырова Айжан", "Тошнота", "3180"},
	} {
		p.until("a child is born", func() error {
			if err := p.send(http.MethodGet, mother+"/newborns", nil); err != nil {
				return err
			}
			return p.fill("weight", url.Values{
				"born_at": {time.Now().In(clock.Bishkek).Format("2006-01-02T15:04")}, "sex": {"female"}, "weight": {words.weight}, "length": {"51"},
				"apgar1": {"8"}, "apgar5": {"9"}, "live": {"1"}, "plurality": {"1"}, "order": {"1"},
			})
		})
		p.until("the person's details", func() error {
			if err := p.send(http.MethodGet, person+"/details", nil); err != nil {
				return err
			}
			return p.fill("phone", url.Values{"phone": {words.phone}, "alerts": {words.alerts}, "kin_name": {words.kin}, "kin_relation": {"родные"}})
		})
		p.until("an order ends", func() error {
			if err := p.send(http.MethodGet, stay+"/orders", nil); err != nil {
				return err
			}
			return p.fill("end_reason", url.Values{"end_reason": {words.reason}})
		})
		p.until("to another bed", func() error {
			if err := p.send(http.MethodGet, stay+"/moves", nil); err != nil {
				return err
			}
			place := ""
			for _, option := range all(p.page, "option") {
				_, taken := lookup(option, "disabled")
				if v := attribute(option, "value"); (place == "" || p == there) && !taken && strings.HasPrefix(v, demo.Therapy+"/") && len(v) > 3 {
					place = v
				}
			}
			return p.fill("place", url.Values{"place": {place}, "reason": {words.reason}})
		})
	}
	b.goTo(h.node + "/node?lang=ru")
	cut := b.work(h.node)
	cut.resize(360)
	cut.show("cut", 200)
	h.line.mend()
	h.until("both sides know what both changed", func() bool {
		return len(column(t, own, `SELECT id FROM change_conflict`)) >= 3 &&
			column(t, own, `SELECT CAST(COUNT(*) AS TEXT) FROM node_change WHERE sequence = 0`)[0] == "0" &&
			len(column(t, own, `SELECT name FROM node_self WHERE down_since = 0 AND acked = (SELECT sequence FROM node_log)`)) == 1
	})
	b.goTo(h.node + "/node?lang=ru")
	for _, what := range []string{"3210 г", "3180 г", "Двое детей", "+996 700 111 222", "+996 555 333 444", "крапивница", "анафилаксия", "Кадыров Болот", "Кадырова Айжан", "Асанова", "Исаков"} {
		b.see(what)
	}
	g := b.work(h.node)
	g.resize(360)
	g.show("conflicts", 200)
	t.Log(column(t, own, `SELECT tbl || '.' || col || ': ' || ours || ' | ' || theirs FROM change_conflict`))

	// Decided one by one; what was not taken is kept, and twins are two.
	b.goTo(h.node + "/node?lang=ru")
	b.leave(`[...document.querySelectorAll('form[action="/node/decide"] button')].find(one => one.textContent.includes("Двое детей")).click()`)
	if twins := column(t, own, `SELECT CAST(plurality AS TEXT) FROM newborn WHERE mother_stay = `+"'"+strings.TrimPrefix(mother, "/stays/")+"'"); strings.Join(twins, " ") != "2 2" {
		t.Errorf("two children are %q", twins)
	}
	open := func() int {
		return int(eval[float64](b, `document.querySelectorAll('form[action="/node/decide"] input[name=take][value=theirs]').length`))
	}
	for left := open(); left > 0; left = open() {
		b.leave(`document.querySelector('form[action="/node/decide"] input[name=take][value=theirs]').form.requestSubmit()`)
		if open() != left-1 {
			t.Fatalf("%d are to be decided, then %d:\n%s", left, open(), tail(b.text(), 2000))
		}
	}
	b.leave(`document.querySelector("main details summary").click()`)
	b.see("+996 700 111 222")
	b.see("+996 555 333 444")
	g.show("decided", 200)
	if open := column(t, own, `SELECT id FROM change_conflict WHERE decided_at = 0`); len(open) > 0 {
		t.Errorf("%d are still to be decided", len(open))
	}
	h.until("the centre has what was decided", func() bool {
		return column(t, central, `SELECT phone FROM patient WHERE pin = '`+demo.Residents[0].PIN+`'`)[0] == column(t, own, `SELECT phone FROM patient WHERE pin = '`+demo.Residents[0].PIN+`'`)[0] &&
			len(column(t, central, `SELECT id FROM change_conflict WHERE decided_at = 0`)) == 0
	})
}
