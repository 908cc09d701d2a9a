package audit

import (
	"context"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

const addWidth = 12

// adds write many records in one question: a few fixed numbers of them, so that
// the database needs to understand only so many texts. A ward of 60 takes four.
var adds = []struct {
	rows  int
	query string
}{{64, addOf(64)}, {32, addOf(32)}, {16, addOf(16)}, {8, addOf(8)}, {4, addOf(4)}, {2, addOf(2)}, {1, addOf(1)}}

func addOf(rows int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO access_record
		(id, at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id) VALUES `)
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		for column := range addWidth {
			b.WriteString([]string{"(", ", "}[min(column, 1)] + "$" + strconv.Itoa(i*addWidth+column+1))
		}
		b.WriteString(")")
	}
	return b.String()
}

// AddTogether writes records that stand alone, all of them or none, in a
// transaction of their own and one message to the database (db.Put).
func AddTogether(ctx context.Context, d *db.DB, c clock.Clock, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	return d.Put(ctx, addingMany(c, records)...)
}

// AddMany is Add for many records at once.
func AddMany(ctx context.Context, q db.Querier, c clock.Clock, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	return db.Send(ctx, q, addingMany(c, records)...)
}

// addingMany are the writes of the records.
func addingMany(c clock.Clock, records []Record) []db.Question {
	at := db.Micros(c.Now())
	values := make([]any, 0, len(records)*addWidth)
	for _, r := range records {
		values = append(values, id.New(), at, r.Subject, r.ActorPIN, r.ActorName, r.ActorRole, r.Organisation, r.Via, r.Action, r.Purpose, r.Object, r.RequestID)
	}
	var writes []db.Question
	for _, add := range adds {
		for ; len(values) >= add.rows*addWidth; values = values[add.rows*addWidth:] {
			writes = append(writes, db.Write(add.query, values[:add.rows*addWidth]...))
		}
	}
	return writes
}
