package cabinet

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// table is what a table of ЕСИ keeps of a person, as it goes into their file: the
// query's columns are the members of its entries. $1 is the account.
type table struct{ part, query string }

// member is one of an entry's, in the order of the query.
type member struct {
	name  string
	value any
}

type row []member

// MarshalJSON implements json.Marshaler; what is empty is left out.
func (r row) MarshalJSON() ([]byte, error) {
	var out strings.Builder
	out.WriteByte('{')
	for _, m := range r {
		if m.value == nil || m.value == "" {
			continue
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return []byte(out.String()), nil
}

func (c *Cabinet) keptIn(t table) Part {
	return Part{t.part, func(ctx context.Context, a account.Account) ([]any, error) {
		rows, err := c.rows(ctx, t.query, a.ID)
		if err != nil {
			return nil, err
		}
		all := make([]any, 0, len(rows))
		for _, r := range rows {
			if r, err = c.plain(r); err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		return all, nil
	}}
}

// plain makes of what the database gives what a person reads: moments of
// microseconds, JSON of its text, the picture of its seal.
func (c *Cabinet) plain(r row) (row, error) {
	id := ""
	for i, m := range r {
		if b, ok := m.value.([]byte); ok {
			m.value = string(b)
		}
		text, isText := m.value.(string)
		number, isNumber := m.value.(int64)
		switch {
		case m.name == "id":
			id = text
		case isNumber && (m.name == "at" || strings.HasSuffix(m.name, "_at")):
			m.value = nil
			if number != 0 {
				m.value = db.Time(number)
			}
		case strings.HasSuffix(m.name, "_json"):
			m.name, m.value = strings.TrimSuffix(m.name, "_json"), nil
			if isText && json.Valid([]byte(text)) {
				m.value = json.RawMessage(text)
			} else if text != "" {
				m.value = text
			}
		case m.name == "jpeg":
			picture, err := c.Box.Open("photo", id, text)
			if err != nil {
				return nil, err
			}
			m.value = picture // base64
		}
		r[i] = m
	}
	return r, nil
}
