package main

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/system/identity"
)

// systems names every system and its host, whether or not it runs here.
var systems = []struct{ name, host string }{
	{"identity", "esi"},
	{"population", "register"},
	{"workforce", "nisur"},
	{"message", "mail"},
	{"signature", "sign"},
	{"payment", "pay"},
	{"insurance", "foms"},
	{"portal", "portal"},
	{"card", "card"},
	{"exchange", "tunduk"},
}

func isSystem(name string) bool {
	for _, s := range systems {
		if s.name == name {
			return true
		}
	}
	return false
}

// systemNames are all of them, for people.
func systemNames() string {
	names := make([]string, len(systems))
	for i, s := range systems {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}

// keys declares the whole configuration.
func keys() []config.Key {
	all := []config.Key{
		{Name: "addr", Default: "127.0.0.1:8080", Doc: "where to listen: ADDRESS:PORT, :PORT for every address"},
		{Name: "data", Default: "data", Doc: "folder of the SQLite files and of the master secret"},
		{Name: "database", Doc: "sqlite:DIR or postgres://USER:PASSWORD@HOST/NAME; empty: sqlite in the data folder", Secret: true},
		{Name: "connections", Default: "6", Doc: "most connections that one system holds to PostgreSQL"},
		{Name: "only", Doc: "systems to run here, comma-separated; empty: all"},
		{Name: "demo", Default: "false", Doc: "write the demo's people and organisations, show how to sign in"},
		{Name: "open", Default: "true", Doc: "with demo at a terminal: open the start page in the browser"},
		{Name: "log_level", Default: "info", Doc: "debug, info, warn or error"},
		{Name: "stop_timeout", Default: "10s", Doc: "how long requests in hand may take when the program stops"},
		{Name: "trusted_proxies", Doc: "addresses or networks of the proxies before us, comma-separated; from them X-Forwarded-For says who asks"},
		{Name: "metrics_token", Doc: "what /metrics asks for as Authorization: Bearer; empty: only this machine may read it", Secret: true},
		{Name: "secret", Doc: "master secret, at least 32 characters, from which all others are derived; empty: the file secret in the data folder, made at the first start", Secret: true},
	}
	for _, s := range systems {
		all = append(all,
			config.Key{Name: "site_" + s.name, Doc: "public address of " + s.name + "; empty: http://" + s.host + ".localhost:PORT"},
			config.Key{Name: "exchange_key_" + s.name, Doc: "key that " + s.name + " and the exchange share; empty: derived from the master secret", Secret: true},
			config.Key{Name: "client_secret_" + s.name, Doc: "secret of " + s.name + " as a client of ЕСИ; empty: derived from the master secret", Secret: true},
			config.Key{Name: "seal_" + s.name, Doc: "secret with which " + s.name + " seals what it stores, at least 32 characters; empty: derived from the master secret", Secret: true},
		)
	}
	for _, s := range systems {
		for _, setting := range settings[s.name] {
			setting.Name = s.name + "_" + setting.Name
			all = append(all, setting)
		}
	}
	return all
}

// settings are the further keys of single systems. In the file and in the
// environment the system's name goes before them (message_smtp_address); the
// system finds them without it in host.Env.Settings.
var settings = map[string][]config.Key{
	"identity": append([]config.Key{
		{Name: "telegram_bot", Doc: "name of the Telegram bot without @, whose token is message_telegram_token; empty: Telegram is not offered (in the demo: a page stands in for it)"},
		{Name: "card_agent", Doc: "where pages reach the ID card's signing agent, comma-separated; empty: wss://127.0.0.1:6127/tumarcsp/, in the demo also ws"},
		{Name: "card_agent_key", Doc: "key of this site at the signing agent, which pages show to it"},
		{Name: "limits", Doc: "limits that differ from the program's own: KIND=FREE/WINDOW/LOCK/LONGEST, several with semicolons between; see Limits and lifetimes"},
		{Name: "ca_file", Doc: "file with the root certificates (PEM) that people's certificates must lead to; empty: the root of the signature service"},
		{Name: "dpop_nonce", Default: "asked", Doc: "of whom proofs with a nonce of ours are asked (RFC 9449, 8): asked (systems that ask for it themselves), fapi (those of the FAPI profile too), all (every user of DPoP): it costs each a second request now and then, and not every library knows it"},
		{Name: "card_nodes", Doc: "addresses of hospitals' own nodes of the card, comma-separated, to which people come back from the sign-in"},
		{Name: "places", Doc: "file with the places of network addresses (.mmdb, such as DB-IP Lite or GeoLite2 City), shown with sessions and sign-ins; empty: addresses alone"},
	}, identity.Settings()...),
	"exchange": {
		{Name: "guests", Doc: "other information systems that send and take referrals, with their addresses: COM/70000099/clinic=https://clinic.example.kg, several with semicolons between"},
	},
	"card": {
		{Name: "node", Doc: "name of this hospital's own node of the card; empty: the card is no node (also --node NAME)"},
		{Name: "node_key", Doc: "the node's key, as sanarip node-key NAME prints it at the centre; empty: derived from the master secret", Secret: true},
		{Name: "node_witness", Doc: "file of the node that remembers the numbers given, apart from the database and from its backups; empty: node-NAME.witness beside the SQLite files"},
		{Name: "node_numbers", Default: "500", Doc: "how many numbers of form 066/у a node fetches at once for a department and year, 10 to 5000; fewer than half left: more are fetched"},
		{Name: "node_poll", Default: "5s", Doc: "how often a node asks the centre what is new, 1s to 5m"},
		{Name: "node_trust", Default: "96h", Doc: "how long staff of a node without a line may work after НИСУР last confirmed their posts, 4h to 720h"},
		{Name: "fhir_bytes", Default: "67108864", Doc: "how many bytes a resource or a Bundle may have that is written by FHIR, 1048576 to 1073741824; its entries are not counted"},
		{Name: "nodes", Doc: "at the centre: its nodes and whose they are: osh=950174; naryn=950175 950176"},
	},
	"message": {
		{Name: "smtp_address", Doc: "mail server HOST:PORT; empty: no e-mail (in the demo: the demo inbox)"},
		{Name: "smtp_from", Doc: "sender's address of e-mails"},
		{Name: "smtp_user", Doc: "user at the mail server"},
		{Name: "smtp_password", Doc: "password at the mail server", Secret: true},
		{Name: "smtp_tls", Doc: "required, opportunistic or none: whether mail goes out without TLS; empty: required"},
		{Name: "sms_url", Doc: "address of the SMS provider; empty: no SMS (in the demo: the demo inbox)"},
		{Name: "sms_key", Doc: "key at the SMS provider", Secret: true},
		{Name: "sms_from", Doc: "sender's name of SMS"},
		{Name: "telegram_token", Doc: "token of the Telegram bot; empty: no Telegram (in the demo: the demo inbox)", Secret: true},
		{Name: "telegram_url", Doc: "address of the Telegram API, for a local one"},
	},
	"insurance": {
		{Name: "price_tables", Doc: "file with dated price tables instead of the invented ones of the demo"},
	},
	"signature": {
		{Name: "rotate_days", Default: "365", Doc: "after how many days the key of seals is replaced, 1 to 1095"},
		{Name: "ca_key", Default: "ecdsa-p256", Doc: "kind of the certification authority's own keys when they are made: ecdsa-p256 or rsa-2048"},
		{Name: "policy", Doc: "object identifier of the authority's policies: .1 under it for certificates, .2 for time-stamps; empty: one for examples"},
		{Name: "keystore", Default: "software", Doc: "where private keys are made and lie: software (sealed in the database) or pkcs11 (a module; needs a program built with -tags pkcs11)"},
		{Name: "organisations", Doc: "organisations that sign at /api/oep/: INN:TOKEN:NAME; and so on, a token of 32 characters or more", Secret: true},
		{Name: "pkcs11_module", Doc: "file of the PKCS #11 module"},
		{Name: "pkcs11_token", Doc: "label of the token"},
		{Name: "pkcs11_pin", Doc: "user PIN of the token", Secret: true},
	},
}

// chosen are the parts that run here.
func chosen(v *config.Values) ([]part, error) {
	only := v.Text("only")
	if only == "" {
		return parts, nil
	}
	var names []string
	for name := range strings.SplitSeq(only, ",") {
		name = strings.TrimSpace(name)
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return nil, fmt.Errorf("only: there is no system %q: it is one of %s", name, systemNames())
		}
		names = append(names, name)
	}
	var picked []part
	for _, p := range parts {
		if slices.Contains(names, p.name) {
			picked = append(picked, p)
		}
	}
	return picked, nil
}

// sites are the addresses of all systems. port is where this process listens.
func sites(v *config.Values, port string) (map[string]string, error) {
	all := map[string]string{}
	for _, s := range systems {
		address := strings.TrimSuffix(v.Text("site_"+s.name), "/")
		if address == "" {
			address = "http://" + net.JoinHostPort(s.host+".localhost", port)
		}
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
			return nil, fmt.Errorf("site_%s must be an address such as https://%s.example.kg, without a path", s.name, s.host)
		}
		all[s.name] = address
	}
	return all, nil
}

// portOf is the port of an address to listen at.
func portOf(addr string) string {
	if _, port, err := net.SplitHostPort(addr); err == nil {
		return port
	}
	return "8080"
}
