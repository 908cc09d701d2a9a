// Package record is the message log: what was exchanged, by whom, when, with
// the hashes by which it can be proven (EX-2). Bodies are not kept.
package record

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// Kinds of records.
const (
	Request  = "request"  // a message was taken and is about to be passed on
	Response = "response" // it was answered
)

// Record is one line of the log.
type Record struct {
	Sequence      int64
	Kind          string
	RequestID     string // one a message
	QueryID       string // X-Road-Id
	Client        string
	Provider      string
	Service       string
	Method        string
	Endpoint      string // glob of the right; "" when refused
	UserID        string // ПИН of who acts: never shown
	Issue         string
	RequestHash   string
	ResponseHash  string
	RequestBytes  int64
	ResponseBytes int64
	Status        int
	Error         string // type of the X-Road error
	ErrorMessage  string
	StartedAt     time.Time
	Duration      time.Duration
	PreviousHash  string
	Hash          string
}

// Failed says that the exchange or the provider did not do what was asked.
func (r Record) Failed() bool { return r.Error != "" || r.Status >= 400 }

// chained is the hash of the record: SHA-512 over the hash of the one before
// and every field, each with its length, so that no two records read alike.
func (r Record) chained() string {
	h := sha512.New()
	for _, field := range []string{
		r.PreviousHash, strconv.FormatInt(r.Sequence, 10), r.Kind, r.RequestID, r.QueryID, r.Client, r.Provider, r.Service,
		r.Method, r.Endpoint, r.UserID, r.Issue, r.RequestHash, r.ResponseHash,
		strconv.FormatInt(r.RequestBytes, 10), strconv.FormatInt(r.ResponseBytes, 10), strconv.Itoa(r.Status),
		r.Error, r.ErrorMessage, strconv.FormatInt(db.Micros(r.StartedAt), 10), strconv.FormatInt(r.Duration.Microseconds(), 10),
	} {
		_, _ = h.Write([]byte(strconv.Itoa(len(field)) + ":" + field))
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Log is the message log. One chain serves every process on one database.
type Log struct {
	db *db.DB

	mu      sync.Mutex
	waiting []entry
	writing bool
}

// New makes the log.
func New(d *db.DB) *Log { return &Log{db: d} }

type entry struct {
	record Record
	done   chan error
}

const (
	batch        = 64
	writeTimeout = 10 * time.Second
)

// Append adds the record and returns when it is kept for good. Records that come
// while others are being written share one transaction: the disk, not the
// number of callers, sets the pace.
func (l *Log) Append(ctx context.Context, r Record) error {
	// What PostgreSQL cannot keep must not stop the log.
	for _, field := range []*string{&r.RequestID, &r.QueryID, &r.Method, &r.Endpoint, &r.UserID, &r.Issue, &r.Error, &r.ErrorMessage} {
		*field = storable(*field)
	}
	e := entry{r, make(chan error, 1)}
	l.mu.Lock()
	l.waiting = append(l.waiting, e)
	if !l.writing {
		l.writing = true
		go l.write()
	}
	l.mu.Unlock()
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return fail.Wrap(context.Cause(ctx), fail.Unavailable, "kit.store_away")
	}
}

func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "�")
}

func (l *Log) write() {
	for {
		l.mu.Lock()
		n := min(len(l.waiting), batch)
		if n == 0 {
			l.writing = false
			l.mu.Unlock()
			return
		}
		now := l.waiting[:n:n]
		l.waiting = l.waiting[n:]
		l.mu.Unlock()

		ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
		err := l.append(ctx, now)
		cancel()
		for _, e := range now {
			e.done <- err
		}
	}
}

// Verdict is the result of checking the chain.
type Verdict struct {
	Records int64
	Broken  int64 // sequence of the first record that does not fit, 0: unbroken
}

// Verify walks the whole chain and recomputes every hash.
func (l *Log) Verify(ctx context.Context) (Verdict, error) {
	var v Verdict
	previous := ""
	end, err := l.end(ctx)
	if err != nil {
		return v, err
	}
	err = l.walk(ctx, func(r Record) bool {
		if r.Sequence != v.Records+1 || r.PreviousHash != previous || r.chained() != r.Hash {
			v.Broken = v.Records + 1
			return false
		}
		v.Records, previous = r.Sequence, r.Hash
		return true
	})
	// A tail cut off leaves a chain that fits; its kept end tells.
	if err == nil && v.Broken == 0 && v.Records < end {
		v.Broken = v.Records + 1
	}
	return v, err
}
