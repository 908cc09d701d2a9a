package openid

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// Bounds of what a client is found by, and of a search.
const (
	wordLetters = 24   // of a word: the parts of an id have 12
	clientWords = 150  // of one client
	soughtWords = 8    // that are looked for at once
	partsRead   = 2000 // clients that have the rarest of them and are tried for the others
	fillAtOnce  = 100  // clients of which the words are written in one transaction
)

// wordsOf are the words of the text as a search compares them.
func wordsOf(s string) []string {
	words := strings.FieldsFunc(text.Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	for i, word := range words {
		if letters := []rune(word); len(letters) > wordLetters {
			words[i] = string(letters[:wordLetters])
		}
	}
	return words
}

// words are those by which the client is found: of its id, names and addresses.
func (c Client) words() []string {
	words := wordsOf(strings.Join([]string{c.ID, c.Name.KY, c.Name.RU, c.Name.EN, c.Address, strings.Join(c.Redirects, " ")}, " "))
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), clientWords)]
}

// Fits says that each word looked for is the beginning of one of the client's.
func (c Client) Fits(sought string) bool {
	looked, words := wordsOf(sought), c.words()
	for _, each := range looked {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, each) }) {
			return false
		}
	}
	return len(looked) > 0
}

// writeParts makes the clients findable by their words as they are now.
func (r *Registry) writeParts(ctx context.Context, tx db.Querier, clients ...Client) error {
	var before, after []db.Question
	var values []any // a part and its client, one after the other
	for _, c := range clients {
		before = append(before, db.Write(`DELETE FROM client_part WHERE client_id = $1`, c.ID))
		parts := map[string]bool{}
		for _, word := range c.words() {
			letters := []rune(word)
			for n := range letters {
				if part := string(letters[:n+1]); !parts[part] {
					parts[part] = true
					values = append(values, part, c.ID)
				}
			}
		}
		after = append(after, db.Write(`UPDATE connected_client SET findable = 1 WHERE id = $1`, c.ID))
	}
	for _, insert := range partInserts {
		for ; len(values) >= 2*insert.rows; values = values[2*insert.rows:] {
			before = append(before, db.Write(insert.query, values[:2*insert.rows]...))
		}
	}
	return db.Send(ctx, tx, append(before, after...)...)
}

// partInserts write many parts in one question: few different texts, as the
// database keeps what it has understood.
var partInserts = []struct {
	rows  int
	query string
}{{256, insertParts(256)}, {16, insertParts(16)}, {1, insertParts(1)}}

func insertParts(rows int) string {
	query := `INSERT INTO client_part (part, client_id) VALUES ($1, $2)`
	for i := 1; i < rows; i++ {
		query += `, ($` + strconv.Itoa(2*i+1) + `, $` + strconv.Itoa(2*i+2) + `)`
	}
	return query
}

// fill makes those findable that were registered before there were words to find
// them by, or by a version that knew none.
func (r *Registry) fill(ctx context.Context) error {
	for {
		ids, err := db.Column[string](ctx, r.DB.Read, `SELECT id FROM connected_client WHERE findable = 0 ORDER BY id LIMIT $1`, fillAtOnce)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = r.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			var clients []Client
			for _, each := range ids {
				c, found, err := r.one(ctx, tx, each, r.DB.ForUpdate())
				if err != nil {
					return err
				}
				if found {
					clients = append(clients, c)
				}
			}
			return r.writeParts(ctx, tx, clients...)
		})
		if err != nil {
			return err
		}
	}
}

// Find lists clients of any state that fit the words, the newest first, limit at
// most. Where several words are looked for, those that have the rarest are tried
// for the others, the newest partsRead of them.
func (r *Registry) Find(ctx context.Context, sought string, limit int) ([]Client, error) {
	looked := wordsOf(sought)
	slices.Sort(looked)
	looked = slices.Compact(looked)
	if len(looked) == 0 {
		return nil, nil
	}
	looked = looked[:min(len(looked), soughtWords)]
	if err := r.fill(ctx); err != nil {
		return nil, err
	}
	rarest, least := "", partsRead+1
	for _, part := range looked {
		var n int
		err := r.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM client_part WHERE part = $1 LIMIT $2) AS few`, part, partsRead).Scan(&n)
		if err != nil {
			return nil, db.Explain(err)
		}
		if n < least {
			rarest, least = part, n
		}
	}
	query := `SELECT near.client_id FROM (SELECT client_id FROM client_part WHERE part = $1 ORDER BY client_id DESC LIMIT $2) AS near WHERE 1 = 1`
	args := []any{rarest, partsRead, limit}
	for _, part := range looked {
		if part != rarest {
			args = append(args, part)
			query += ` AND EXISTS (SELECT 1 FROM client_part p WHERE p.client_id = near.client_id AND p.part = $` + strconv.Itoa(len(args)) + `)`
		}
	}
	ids, err := db.Column[string](ctx, r.DB.Read, query+` ORDER BY near.client_id DESC LIMIT $3`, args...)
	if err != nil {
		return nil, err
	}
	var found []Client
	for _, each := range ids {
		c, ok, err := r.Get(ctx, each)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, c)
		}
	}
	return found, nil
}
