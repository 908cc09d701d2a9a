package card

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/node"
	"github.com/sanarip/sanarip/system/card/internal/node/away"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
	"github.com/sanarip/sanarip/system/card/migration"
)

// nodeSettings reads the settings of a node; Name is "" where the card is none.
func nodeSettings(env host.Env) (s node.Settings, trust time.Duration, err error) {
	s.Name = env.Settings["node"]
	if s.Name == "" {
		return s, 0, nil
	}
	if _, err := node.Nodes(s.Name + "=000000"); err != nil {
		return s, 0, fmt.Errorf("card_node: %q is no name of a node: small Latin letters, digits, hyphens", s.Name)
	}
	if env.Settings["nodes"] != "" {
		return s, 0, errors.New("card_node and card_nodes: a card is a node or the centre of nodes")
	}
	if s.Key = node.Key(env.Secret, s.Name); env.Settings["node_key"] != "" {
		if s.Key, err = base64.RawURLEncoding.DecodeString(env.Settings["node_key"]); err != nil || len(s.Key) < 32 {
			return s, 0, errors.New("card_node_key is not what `sanarip node-key` has printed at the centre")
		}
	}
	if s.Witness = env.Settings["node_witness"]; s.Witness == "" {
		dir, ok := strings.CutPrefix(env.Database, "sqlite:")
		if !ok {
			return s, 0, errors.New("card_node_witness must name a file on this machine: the database is on a server")
		}
		s.Witness = filepath.Join(dir, "node-"+s.Name+".witness")
	}
	if s.Numbers, err = within(env, "node_numbers", 500, 10, 5000); err != nil {
		return s, 0, err
	}
	if s.Poll, err = lasting(env, "node_poll", 5*time.Second, time.Second, 5*time.Minute); err != nil {
		return s, 0, err
	}
	trust, err = lasting(env, "node_trust", 96*time.Hour, 4*time.Hour, 30*24*time.Hour)
	return s, trust, err
}

func within(env host.Env, name string, usual, least, most int) (int, error) {
	written := env.Settings[name]
	if written == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(written)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("card_%s must be a number from %d to %d", name, least, most)
	}
	return n, nil
}

func lasting(env host.Env, name string, usual, least, most time.Duration) (time.Duration, error) {
	written := env.Settings[name]
	if written == "" {
		return usual, nil
	}
	d, err := time.ParseDuration(written)
	if err != nil || d < least || d > most {
		return 0, fmt.Errorf("card_%s must last from %s to %s", name, least, most)
	}
	return d, nil
}

// openNode makes the card a node, or the centre of nodes, as the settings say.
// line is the way out that New has prepared for a node.
func (s *System) openNode(ctx context.Context, line *node.Line) error {
	settings, trust, err := nodeSettings(s.env)
	if err != nil {
		return err
	}
	nodes, err := node.Nodes(s.env.Settings["nodes"])
	if err != nil || (settings.Name == "" && len(nodes) == 0) {
		return err
	}
	d := s.desk
	schema, err := capture.Install(ctx, d.DB)
	if err != nil {
		return err
	}
	merger := &merge.Merger{DB: d.DB, Schema: schema, Clock: s.env.Clock}
	if settings.Name == "" {
		merger.Arrived, merger.Room, merger.Asked = node.Arrived(d.Queue), node.Room(s.env.Clock, d.Site.Texts), node.Asked()
		centre := &node.Centre{DB: d.DB, Clock: s.env.Clock, Log: s.log, Secret: s.env.Secret, Merger: merger}
		if err := centre.Enrol(ctx, nodes); err != nil {
			return err
		}
		cardapi.ServeNodes(s.provider, centre)
		d.Queue.Beside(centre.Run)
		s.nodes = node.Pages{Desk: d, Schema: schema, Centre: centre}
		s.nodes.Mount()
		return nil
	}
	exchange := *d.Exchange
	exchange.Timeout = 30 * time.Second // a batch over a thin line
	n := &node.Node{
		Desk: d, Merger: merger, Centre: cardapi.NodeClient{Exchange: &exchange, Key: settings.Key}, Settings: settings, Line: line,
	}
	if err := n.Start(ctx); err != nil {
		return err
	}
	n.Greet(ctx)
	door := &away.Door{Desk: d, Node: settings.Name, Trust: trust, Down: line.Down}
	d.Away = door.Holds
	n.Refresh = func(ctx context.Context, organisations []string) error {
		for _, o := range organisations { // without a head on it no form 066/у is given
			if err := discharge.RefreshHeads(ctx, d, o); err != nil {
				return err
			}
			d.Directory.Doctors(ctx, o) // kept, for a start without a line
		}
		return door.Refresh(ctx)
	}
	door.Mount()
	// The centre brings cases to the fund: its answers, and experts' decisions, come
	// there.
	d.Queue.Handle(form.HandoverJob, job.Policy{}, func(context.Context, job.Job) error { return nil })
	d.Queue.Beside(n.Run)
	s.nodes = node.Pages{Desk: d, Schema: schema, Node: n}
	s.nodes.Mount()
	s.handler = whileDown(line, s.desk.Mux)
	return nil
}

// Gauges are the figures of nodes for /metrics.
func (s *System) Gauges(ctx context.Context) ([]observe.Gauge, error) { return s.nodes.Gauges(ctx) }

// whileDown leads to the sign-in without ЕСИ while there is no line to it.
func whileDown(line *node.Line, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if line.Down() && page.Reads(r) && r.URL.Path == "/sign-in" {
			http.Redirect(w, r, "/away?next="+url.QueryEscape(r.URL.Query().Get("next")), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// withLine prepares a node's way out; nil where the card is none.
func withLine(env *host.Env) *node.Line {
	if env.Settings["node"] == "" {
		return nil
	}
	client := http.Client{}
	if env.HTTP != nil {
		client = *env.HTTP
	}
	line := node.NewLine(client.Transport)
	client.Transport = line
	env.HTTP = &client
	return line
}

// NodeKey is the key of a node, for the centre's operator to hand over.
func NodeKey(env host.Env, name string) (string, error) {
	if _, err := node.Nodes(name + "=000000"); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(node.Key(env.Secret, name)), nil
}

// NodeCode is the code that the centre's operator reads out to a node that has
// lost its numbers and has no line.
func NodeCode(ctx context.Context, env host.Env, name, challenge string) (string, error) {
	d, err := env.Open(ctx, "card", migration.Sets...)
	if err != nil {
		return "", err
	}
	defer func() { _ = d.Close() }()
	centre := &node.Centre{DB: d, Clock: env.Clock, Log: env.Log, Secret: env.Secret}
	return centre.PhoneCode(ctx, name, challenge, phoneNumbers)
}

// phoneNumbers is how many numbers a code opens in each department.
const phoneNumbers = 300
