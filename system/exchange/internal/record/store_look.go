package record

import (
	"context"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// Filter says which messages to list. Zero fields ask for nothing.
type Filter struct {
	Client, Provider string // subsystems
	Service          string
	Failed           bool
	ID               string    // X-Road-Id, X-Road-Request-Id, or the start of either
	From, Until      time.Time // by start; Until is exclusive
	Before           int64     // only sequences below, for paging; 0: from the newest
	Limit            int
}

// Search lists messages, newest first: one record each, that of the answer, or
// of the request while (or because) there is none.
func (l *Log) Search(ctx context.Context, f Filter) ([]Record, error) {
	failed := 0
	if f.Failed {
		failed = 1
	}
	before := f.Before
	if before == 0 {
		before = 1 << 62
	}
	until := int64(1 << 62)
	if !f.Until.IsZero() {
		until = db.Micros(f.Until)
	}
	return l.query(ctx, latest+`
		AND ($1 = '' OR m.client = $1) AND ($2 = '' OR m.provider = $2) AND ($3 = '' OR m.service = $3)
		AND ($4 = 0 OR m.status >= 400 OR m.error <> '')
		AND ($5 = '' OR (m.query_id >= $5 AND m.query_id < $6) OR (m.request_id >= $5 AND m.request_id < $6))
		AND m.started_at >= $7 AND m.started_at < $8 AND m.sequence < $9
		ORDER BY m.sequence DESC LIMIT $10`,
		f.Client, f.Provider, f.Service, failed, f.ID, after(f.ID), db.Micros(f.From), until, before, f.Limit)
}

// after is the first text that no longer begins with s, bytewise enough for ids.
func after(s string) string { return s + "\U0010fffd" }

var latest = `SELECT ` + columnsOfM + ` FROM message_record m
	WHERE (m.kind = 'response' OR NOT EXISTS (SELECT 1 FROM message_record a WHERE a.request_id = m.request_id AND a.kind = 'response'))`

// Get is one message by its X-Road-Request-Id.
func (l *Log) Get(ctx context.Context, requestID string) (Record, error) {
	records, err := l.query(ctx, latest+` AND m.request_id = $1`, requestID)
	if err != nil {
		return Record{}, err
	}
	if len(records) == 0 {
		return Record{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return records[0], nil
}

// Hour is how many messages were answered in an hour.
type Hour struct {
	Start  time.Time
	All    int
	Failed int
}

// Traffic counts messages by hour, hours hours up to the one of now. The
// operator's own questions for queues are left out: they would drown the rest.
func (l *Log) Traffic(ctx context.Context, now time.Time, hours int) ([]Hour, error) {
	start := now.In(clock.Bishkek).Truncate(time.Hour).Add(-time.Duration(hours-1) * time.Hour)
	series := make([]Hour, hours)
	for i := range series {
		series[i].Start = start.Add(time.Duration(i) * time.Hour)
	}
	counts, err := l.counts(ctx, db.Micros(start))
	if err != nil {
		return nil, err
	}
	for _, c := range counts {
		if c.hour >= 0 && c.hour < int64(hours) {
			series[c.hour].All += c.all
			series[c.hour].Failed += c.failed
		}
	}
	return series, nil
}

// columnsOfM are the columns of the table called m.
var columnsOfM = func() string {
	var names []string
	for name := range strings.SplitSeq(columns, ",") {
		names = append(names, "m."+strings.TrimSpace(name))
	}
	return strings.Join(names, ", ")
}()
