// Package start is the first page of the house: it shows the systems as a
// person would meet them and, in the demo, who can sign in how.
package start

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // TOTP is defined over it (RFC 6238)
	"embed"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// Texts are the words of the page.
//
//go:embed text/*.json
var Texts embed.FS

// Config of the page.
type Config struct {
	Sites map[string]string // addresses by system
	Demo  bool
	Log   *slog.Logger
	Clock clock.Clock
}

// New makes the page's handler.
func New(config Config) http.Handler {
	site := &page.Site{
		System: "start", TitleKey: "start.title", Texts: text.MustLoad(design.Texts, Texts), Log: config.Log,
		ErrorPage: design.ErrorPage, Demo: config.Demo,
	}
	mux := http.NewServeMux()
	design.Mount(mux)
	site.Handle(mux, "GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, startPage(config, people(config)))
	})
	if config.Demo {
		mux.Handle("GET /examples", design.ExamplesHandler(site))
	}
	site.Handle(mux, "/", page.Missing(mux))
	return mux
}

// text: start.*

// door is a way into the house for one kind of person.
type door struct {
	system, title, hint string // title and hint are keys
}

var doors = []door{
	{"portal", "start.citizen", "start.citizen_hint"},
	{"card", "start.doctor", "start.doctor_hint"},
	{"insurance", "start.expert", "start.expert_hint"},
	{"exchange", "start.operator", "start.operator_hint"},
}

var others = []door{
	{"identity", "start.identity", "start.identity_hint"},
	{"workforce", "start.workforce", "start.workforce_hint"},
	{"message", "start.message", "start.message_hint"},
	{"payment", "start.payment", "start.payment_hint"},
	{"signature", "start.signature", "start.signature_hint"},
	{"population", "start.population", "start.population_hint"},
}

// person is somebody who can sign in to the demo.
type person struct {
	demo.Person
	role string // key
	code string // of the authenticator at this moment; "" when codes come to the inbox
}

var roles = map[string]string{
	demo.Doctor.PIN: "start.role_doctor", demo.Head.PIN: "start.role_head", demo.Surgeon.PIN: "start.role_surgeon",
	demo.Nurse.PIN: "start.role_nurse", demo.Expert.PIN: "start.role_expert", demo.Operator.PIN: "start.role_operator",
	demo.SecondExpert.PIN: "start.role_second_expert",
	demo.Statistician.PIN: "start.role_statistician", demo.Officer.PIN: "start.role_officer",
	demo.Colleague.PIN: "start.role_colleague", demo.Obstetrician.PIN: "start.role_obstetrician",
	demo.Chief.PIN: "start.role_chief", demo.Manager.PIN: "start.role_manager", demo.Clerk.PIN: "start.role_clerk", demo.Patient.PIN: "start.role_patient",
	demo.Expecting.PIN: "start.role_expecting",
}

func people(config Config) []person {
	if !config.Demo {
		return nil
	}
	all := make([]person, 0, len(demo.SignIns))
	for _, p := range demo.SignIns {
		all = append(all, person{p, roles[p.PIN], totp(p.TOTP, config.Clock.Now())})
	}
	return all
}

// totp is the authenticator's code of the moment (RFC 6238, six digits, 30 s),
// so that the demo needs no telephone.
func totp(secret string, now time.Time) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, now.Unix()/30)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}
