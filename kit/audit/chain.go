package audit

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// Key is what a system's chain is made with. Who has the database alone cannot
// make a link anew, so a change cannot be hidden by computing the rest again.
type Key struct {
	system string
	bytes  []byte
}

// NewKey derives the key of the system's chain from its secret (host.Env.Secret).
func NewKey(system string, secret []byte) Key {
	bytes, err := hkdf.Key(sha256.New, secret, nil, "sanarip audit chain "+system, 32)
	if err != nil {
		panic(err) // 32 bytes are within what HKDF gives
	}
	return Key{system, bytes}
}

// mac is HMAC-SHA-256 over the fields, each with its length, so that no two
// lists of fields read alike.
func (k Key) mac(fields ...string) string {
	h := hmac.New(sha256.New, k.bytes)
	for _, field := range fields {
		_, _ = h.Write([]byte(strconv.Itoa(len(field)) + ":" + field))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// link is a record's place in the chain.
type link struct {
	sequence int64
	recordID string
	sealedAt int64
	endKnown bool
	hash     string
}

func (k Key) chained(previous string, l link, r Record) string {
	return k.mac("link", k.system, previous, strconv.FormatInt(l.sequence, 10), strconv.FormatInt(l.sealedAt, 10), strconv.FormatBool(l.endKnown),
		l.recordID, r.ID, strconv.FormatInt(db.Micros(r.At), 10), r.Subject, r.ActorPIN, r.ActorName, r.ActorRole, r.Organisation, r.Via,
		r.Action, r.Purpose, r.Object, r.RequestID)
}

// Head is where the chain of a system stood: kept elsewhere, it proves later
// that nothing up to it was changed and nothing after it cut off.
type Head struct {
	System   string `json:"system"`
	Sequence int64  `json:"sequence"` // how many records the chain held
	Hash     string `json:"hash"`     // of the last one
}

// String is the head as it is written down: card:1203:BASE64.
func (h Head) String() string { return fmt.Sprintf("%s:%d:%s", h.System, h.Sequence, h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(s string) (Head, error) {
	parts := strings.Split(strings.TrimSpace(s), ":")
	if len(parts) != 3 {
		return Head{}, fmt.Errorf("%q is no head: SYSTEM:NUMBER:HASH is expected", s)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || n < 0 || parts[0] == "" {
		return Head{}, fmt.Errorf("%q is no head: SYSTEM:NUMBER:HASH is expected", s)
	}
	return Head{System: parts[0], Sequence: n, Hash: parts[2]}, nil
}

// end is the chain's end as its table holds it.
type end struct {
	sequence int64
	hash     string
	mac      string
}

func (k Key) sign(e end) string {
	return k.mac("end", k.system, strconv.FormatInt(e.sequence, 10), e.hash)
}

// authentic says that a sealer of ours wrote the end. An empty chain has none.
func (k Key) authentic(e end) bool {
	if e.sequence == 0 {
		return e.hash == "" && e.mac == ""
	}
	return hmac.Equal([]byte(e.mac), []byte(k.sign(e)))
}

// Kind is a way in which the chain does not hold.
type Kind string

// The kinds of findings.
const (
	Changed   Kind = "changed"   // the record, or its place, is not as it was sealed
	Deleted   Kind = "deleted"   // the place is there, its record is not
	Missing   Kind = "missing"   // places are missing within the chain
	CutOff    Kind = "cut-off"   // the chain ended later than it does now
	Beyond    Kind = "beyond"    // places after the chain's end
	Forged    Kind = "forged"    // the chain's end was written by another hand
	Resumed   Kind = "resumed"   // the end was not as left when sealing went on here
	Outside   Kind = "outside"   // a record that neither has a place nor waits for one
	Withdrawn Kind = "withdrawn" // a record that waited for its place is gone
	Disagrees Kind = "disagrees" // the chain is not the one of which the head was kept
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind     Kind   `json:"kind"`
	Sequence int64  `json:"sequence,omitempty"` // place in the chain, the first of several
	Count    int64  `json:"count,omitempty"`    // of places or records, where more than one can be meant
	RecordID string `json:"record,omitempty"`
}

// Report is the result of checking a system's chain.
type Report struct {
	Head     Head      `json:"head"`     // the chain's end
	Records  int64     `json:"records"`  // with a place
	Waiting  int64     `json:"waiting"`  // without one yet
	Late     int64     `json:"late"`     // sealed more than Prompt after their time
	Wrong    int64     `json:"wrong"`    // how many findings there are
	Findings []Finding `json:"findings"` // the first MostFindings of them
	// Anchors is how many of the heads kept elsewhere were compared.
	Anchors int `json:"anchors"`
}

// OK says that nothing is wrong.
func (r Report) OK() bool { return r.Wrong == 0 }

const (
	// MostFindings is how many findings a report lists; it counts them all.
	MostFindings = 1000
	// Prompt is how soon after its time a record is usually sealed. Later
	// means that the program had stopped, the record is older than the chain, or
	// somebody wrote it by hand with a time of the past.
	Prompt = time.Hour
)

func (r *Report) found(f Finding) {
	r.Wrong++
	if len(r.Findings) < MostFindings {
		r.Findings = append(r.Findings, f)
	}
}
