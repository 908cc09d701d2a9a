package cardapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceNodes is what the centre's card offers to hospitals' own nodes of the
// card (docs/decisions/0022). A node is the same subsystem of the exchange as the
// centre; its own key, by which every call is signed, tells it from others.
const ServiceNodes = "nodes"

// Change is one row as it was and as it became. Rows are JSON by column: text,
// whole numbers, null; bytes as \x and hexadecimal digits.
type Change struct {
	Sequence int64  `json:"sequence"` // 1, 2, 3… without gap within an epoch
	At       int64  `json:"at"`       // microseconds
	Table    string `json:"table"`
	Key      string `json:"key"` // values of the primary key, U+001F between
	Op       string `json:"op"`  // I, U, D
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	Hash     string `json:"hash"` // over the hash before and all of the above
}

// Mark is a place in the node's history.
type Mark struct {
	Sequence int64  `json:"sequence"`
	Hash     string `json:"hash"`
}

// NodeHead is at the head of every call of a node.
type NodeHead struct {
	Node  string `json:"node"`
	Epoch int64  `json:"epoch"` // 0: the first call ever
	MAC   string `json:"mac"`   // HMAC-SHA256 by the node's key over the path and the call without it
}

// Hello begins a contact.
type Hello struct {
	NodeHead
	Last Mark `json:"last"` // newest change that has its place
	// Acked is the place up to which the centre has said that it has everything. A
	// centre that has less was put back from a backup.
	Acked int64 `json:"acked,omitempty"`
	// Nonce is not empty when the node knows that its database is an older one;
	// the same restore says the same.
	Nonce string `json:"nonce,omitempty"`
	// History is what the node still keeps of its newest places, for the centre
	// to find where two histories part. Only with a Nonce.
	History  []Mark    `json:"history,omitempty"`
	Waiting  int64     `json:"waiting"` // changes not handed over yet
	OldestAt time.Time `json:"oldest_at,omitzero"`
	Pulled   int64     `json:"pulled"`
	// Token is what the centre knows the machine by, Next what replaces it once this
	// Hello was taken. Said again after an answer that was lost, both are the same.
	Token string `json:"token,omitempty"`
	Next  string `json:"next,omitempty"`
	// Here says that the machine itself is no copy: its database is older than what it
	// has noted outside of it, where it always stood.
	Here bool `json:"here,omitempty"`
}

// Welcome answers a Hello.
type Welcome struct {
	Epoch         int64    `json:"epoch"`
	Applied       Mark     `json:"applied"` // what the centre has, of this epoch
	Organisations []string `json:"organisations"`
	// Parted says that the node's history is not the one that the centre knows:
	// the node says Hello again with a Nonce.
	Parted bool `json:"parted,omitempty"`
	// Copied says that another machine has come with the same Token since: this one is
	// a copy of it, it is one of this, or this one was put back as a whole.
	Copied bool `json:"copied,omitempty"`
	// Waits says that no epoch is begun for the Nonce while another machine speaks
	// under the name, unless the centre's operator lets this one go on.
	Waits bool `json:"waits,omitempty"`
	// OtherAt is when another machine under the name, which was stopped, last asked to
	// go on; zero for none.
	OtherAt time.Time `json:"other_at,omitzero"`
	// Common is, after a new epoch was opened, the last place of the epoch before
	// that both sides had alike: what is after it the node hands over again.
	Common int64 `json:"common,omitempty"`
	Fill   bool  `json:"fill,omitempty"` // everything is to be fetched by Rows
	Newest int64 `json:"newest"`         // newest place of the centre's own changes
	Held   int64 `json:"held"`           // changes of the node that wait for a decision
}

// Push hands changes over, in order.
type Push struct {
	NodeHead
	Previous string   `json:"previous"` // hash before the first
	Changes  []Change `json:"changes"`
	Waiting  int64    `json:"waiting"`
}

// Pull asks for the centre's changes after a place.
type Pull struct {
	NodeHead
	After int64 `json:"after"`
}

// Pulled are they. Applied is what the centre had of the node's when it read them.
type Pulled struct {
	Changes []Change `json:"changes"`
	Newest  int64    `json:"newest"` // place up to which they reach
	Applied int64    `json:"applied"`
	More    bool     `json:"more"`
}

// Rows asks for a page of a table, for a node that begins or begins anew.
type Rows struct {
	NodeHead
	Table string   `json:"table"`
	After []string `json:"after,omitempty"` // key of the last row
}

// Page is it. Tables comes with the first: all that there are, in the order in
// which they can be written.
type Page struct {
	Tables  []string `json:"tables,omitempty"`
	Changes []Change `json:"changes"`
	After   []string `json:"after,omitempty"`
	More    bool     `json:"more"`
}

// LeaseCall asks for numbers: of form 066/у in the department, or of a series
// over the whole organisation (referral, refusal, pregnancy), which stands in the
// department's place.
type LeaseCall struct {
	NodeHead
	Request      string `json:"request"` // the same asks once
	Organisation string `json:"organisation"`
	Department   string `json:"department"`
	Year         int    `json:"year"`
	Count        int    `json:"count"`
	// Above is the highest number that the node was ever granted there: what a centre
	// that was put back from a backup does not know.
	Above int64 `json:"above,omitempty"`
}

// Lease is a range of the sequence that nobody else gives from.
type Lease struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

// Nodes is what the centre answers.
type Nodes interface {
	Hello(ctx context.Context, in Hello) (Welcome, error)
	Push(ctx context.Context, in Push) (Mark, error)
	Pull(ctx context.Context, in Pull) (Pulled, error)
	Rows(ctx context.Context, in Rows) (Page, error)
	Lease(ctx context.Context, in LeaseCall) (Lease, error)
}

// ServeNodes registers the service at the provider.
func ServeNodes(p *exchangeapi.Provider, n Nodes) {
	exchangeapi.Serve(p, ServiceNodes, "/hello", n.Hello)
	exchangeapi.Serve(p, ServiceNodes, "/push", n.Push)
	exchangeapi.Serve(p, ServiceNodes, "/pull", n.Pull)
	exchangeapi.Serve(p, ServiceNodes, "/rows", n.Rows)
	exchangeapi.Serve(p, ServiceNodes, "/lease", n.Lease)
}

// Sign gives the MAC of a call whose MAC is empty.
func Sign(key []byte, path string, call any) string {
	data, err := json.Marshal(call)
	if err != nil {
		return "" // plain structs of this package can be written
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(path + "\n"))
	mac.Write(data)
	return hex.EncodeToString(mac.Sum(nil))
}

// NodeClient calls the centre through the exchange and signs what it sends.
type NodeClient struct {
	Exchange *exchangeapi.Client
	Key      []byte
}

var _ Nodes = NodeClient{}

// Hello implements Nodes.
func (c NodeClient) Hello(ctx context.Context, in Hello) (Welcome, error) {
	var out Welcome
	in.MAC = ""
	in.MAC = Sign(c.Key, "/hello", in)
	return out, c.do(ctx, "/hello", in, &out)
}

// Push implements Nodes.
func (c NodeClient) Push(ctx context.Context, in Push) (Mark, error) {
	var out Mark
	in.MAC = ""
	in.MAC = Sign(c.Key, "/push", in)
	return out, c.do(ctx, "/push", in, &out)
}

// Pull implements Nodes.
func (c NodeClient) Pull(ctx context.Context, in Pull) (Pulled, error) {
	var out Pulled
	in.MAC = ""
	in.MAC = Sign(c.Key, "/pull", in)
	return out, c.do(ctx, "/pull", in, &out)
}

// Rows implements Nodes.
func (c NodeClient) Rows(ctx context.Context, in Rows) (Page, error) {
	var out Page
	in.MAC = ""
	in.MAC = Sign(c.Key, "/rows", in)
	return out, c.do(ctx, "/rows", in, &out)
}

// Lease implements Nodes.
func (c NodeClient) Lease(ctx context.Context, in LeaseCall) (Lease, error) {
	var out Lease
	in.MAC = ""
	in.MAC = Sign(c.Key, "/lease", in)
	return out, c.do(ctx, "/lease", in, &out)
}

func (c NodeClient) do(ctx context.Context, path string, in, out any) error {
	return c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceNodes, Path: path, Body: in, Issue: "node"}, out)
}
