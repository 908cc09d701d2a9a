package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// Who leaves is out of the card in another process as soon as НИСУР has told it,
// and within the minute where the word is lost on the way (NR-2).
func TestWhoLeavesIsOutInAnotherProcess(t *testing.T) {
	needE2E(t)
	e := apart(t, "")
	// The card is reached over a line that can be cut; it reaches the others itself.
	line := newWire(t, e.ports["card"])
	was := "SANARIP_SITE_CARD=" + e.site["card"]
	e.site["card"] = fmt.Sprintf("http://%s.localhost:%d", hosts["card"], line.port())
	e.env[slices.Index(e.env, was)] = "SANARIP_SITE_CARD=" + e.site["card"]
	for _, group := range []string{"exchange", "card"} {
		e.start(group)
	}

	surgeon, nurse := &hand{newPlain(t), e.site["card"]}, &hand{newPlain(t), e.site["card"]}
	for who, at := range map[demo.Person]*hand{demo.Surgeon: surgeon, demo.Nurse: nurse} {
		at.goTo(at.base + "/sign-in")
		at.signIn(e.world, who)
	}
	manager := newPlain(t)
	manager.goTo(e.site["workforce"] + "/sign-in")
	manager.signIn(e.world, demo.Manager)
	leaves := func(who demo.Person) time.Time {
		manager.goTo(e.site["workforce"] + "/organisations/" + demo.Hospital + "/staff")
		for _, row := range all(manager.page, "tr") {
			if !strings.Contains((&plain{page: row}).text(), who.FamilyName) {
				continue
			}
			for _, link := range all(row, "a") {
				if strings.HasSuffix(attribute(link, "href"), "/end") {
					manager.goTo(e.site["workforce"] + attribute(link, "href"))
					manager.submit("until", nil)
					return time.Now()
				}
			}
		}
		t.Fatalf("no way to let %s go: %s", who.FamilyName, tail(manager.text(), 900))
		return time.Time{}
	}
	// An act: to look for a person. ok says that it was let through.
	act := func(h *hand) bool {
		return h.send(http.MethodPost, "/patients/find", url.Values{"q": {demo.Patient.PIN}}) == nil && !strings.Contains(h.at.Path, "sign-in") && h.at.Host == strings.TrimPrefix(h.base, "http://")
	}
	// outAfter does the act until it is refused, and says how long it was let
	// through after the moment.
	outAfter := func(h *hand, since time.Time, most time.Duration) time.Duration {
		var last time.Duration
		for time.Since(since) < most+10*time.Second {
			begun := time.Since(since)
			if !act(h) {
				return last
			}
			last = begun
			time.Sleep(200 * time.Millisecond)
		}
		t.Errorf("still let through after %s", last)
		return last
	}

	if !act(surgeon) || !act(nurse) {
		t.Fatalf("not let through at first: %s; %s", tail(surgeon.text(), 500), tail(nurse.text(), 500))
	}
	if took := outAfter(surgeon, leaves(demo.Surgeon), 60*time.Second); took > 10*time.Second {
		t.Errorf("told, and let through for %s", took)
	}
	if !act(nurse) {
		t.Error("the leaving of one put another out")
	}

	// Nobody reaches the card over the line; its staff sit beside it.
	line.cut()
	nurse.client.Transport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if port == fmt.Sprint(line.port()) {
			port = fmt.Sprint(e.ports["card"])
		}
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
	}}
	if !act(nurse) {
		t.Fatalf("not let through beside the line: %s", tail(nurse.text(), 500))
	}
	if took := outAfter(nurse, leaves(demo.Nurse), 60*time.Second); took > 60*time.Second {
		t.Errorf("the word was lost, and let through for %s", took)
	}
}
