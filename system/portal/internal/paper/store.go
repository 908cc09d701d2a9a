package paper

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
)

func nextNumber(ctx context.Context, tx *sql.Tx, year int) (string, error) {
	var n int64
	err := tx.QueryRowContext(ctx, `INSERT INTO sequence (kind, year, last) VALUES ('document', $1, 1)
		ON CONFLICT (kind, year) DO UPDATE SET last = sequence.last + 1 RETURNING last`, year).Scan(&n)
	return fmt.Sprintf("%d-%07d", year, n), err
}

func idOf(ctx context.Context, q db.Querier, applicationID string, l text.Lang) (string, error) {
	var known string
	err := q.QueryRowContext(ctx, `SELECT id FROM document WHERE application_id = $1 AND lang = $2`, applicationID, string(l)).Scan(&known)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return known, err
}

// insert keeps the document and gives the id of the one that is kept: its own,
// or that of the same wish a moment before.
func insert(ctx context.Context, tx *sql.Tx, d Document) (string, error) {
	title, err := json.Marshal(d.Title)
	if err != nil {
		return "", err
	}
	issuer, err := json.Marshal(d.Issuer)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO document (id, number, code, application_id, lang, pin, holder, title, issuer, state, pdf, issued_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'making', $10, $11) ON CONFLICT (application_id, lang) DO NOTHING`,
		d.ID, d.Number, d.Code, d.Application, string(d.Lang), d.PIN, d.Holder, string(title), string(issuer), []byte{}, db.Micros(d.IssuedAt))
	if err != nil {
		return "", err
	}
	return idOf(ctx, tx, d.Application, d.Lang)
}

// keep closes the document; a document that is ready never changes again.
func keep(ctx context.Context, tx *sql.Tx, d Document, pdf, content []byte, now time.Time) (bool, error) {
	seal, err := json.Marshal(d.Seal)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, `UPDATE document SET state = 'ready', pdf = $2, content = $3, sha256 = $4, seal = $5, ready_at = $6 WHERE id = $1 AND state = 'making'`,
		d.ID, pdf, string(content), d.SHA256, string(seal), db.Micros(now))
}

const columns = `id, number, code, application_id, lang, pin, holder, title, issuer, state, sha256, seal, issued_at`

func scan(row db.Row) (Document, error) {
	var d Document
	var title, issuer, state, seal string
	var issued int64
	err := row.Scan(&d.ID, &d.Number, &d.Code, &d.Application, &d.Lang, &d.PIN, &d.Holder, &title, &issuer, &state, &d.SHA256, &seal, &issued)
	if errors.Is(err, sql.ErrNoRows) {
		return d, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return d, db.Explain(err)
	}
	d.Ready, d.IssuedAt = state == "ready", db.Time(issued)
	if seal != "" {
		if err := json.Unmarshal([]byte(seal), &d.Seal); err != nil {
			return d, err
		}
	}
	if err := json.Unmarshal([]byte(issuer), &d.Issuer); err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(title), &d.Title)
}

func find(ctx context.Context, q db.Querier, documentID string) (Document, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM document WHERE id = $1`, documentID))
}

// own is the person's own document; anybody else's is not there.
func own(ctx context.Context, q db.Querier, pin, documentID string) (Document, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM document WHERE id = $1 AND pin = $2`, documentID, pin))
}

func byNumber(ctx context.Context, q db.Querier, number string) (Document, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM document WHERE number = $1 AND state = 'ready'`, number))
}

func byHash(ctx context.Context, q db.Querier, sha256 string) (Document, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM document WHERE sha256 = $1 AND state = 'ready'`, sha256))
}

func ofApplication(ctx context.Context, q db.Querier, applicationID string) ([]Document, error) {
	return several(ctx, q, `SELECT `+columns+` FROM document WHERE application_id = $1 ORDER BY issued_at, id`, applicationID)
}

// ofPerson is the person's documents that are ready, the newest first.
func ofPerson(ctx context.Context, q db.Querier, pin string, limit int) ([]Document, error) {
	return several(ctx, q, `SELECT `+columns+` FROM document WHERE pin = $1 AND state = 'ready' ORDER BY issued_at DESC, id DESC LIMIT $2`, pin, limit)
}

func several(ctx context.Context, q db.Querier, query string, args ...any) ([]Document, error) {
	return db.List(ctx, q, scan, query, args...)
}

// bytes are the document's PDF and its canonical JSON.
func bytes(ctx context.Context, q db.Querier, documentID string) (pdf []byte, content string, err error) {
	err = q.QueryRowContext(ctx, `SELECT pdf, content FROM document WHERE id = $1 AND state = 'ready'`, documentID).Scan(&pdf, &content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", fail.New(fail.NotFound, "kit.not_found")
	}
	return pdf, content, db.Explain(err)
}

// missed notes a guess that missed.
func missed(ctx context.Context, d *db.DB, client string, now time.Time) error {
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM verify_miss WHERE at < $1`, db.Micros(now.Add(-missWindow))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO verify_miss (id, at, client) VALUES ($1, $2, $3)`, id.New(), db.Micros(now), client)
		return err
	})
}

func misses(ctx context.Context, q db.Querier, client string, since time.Time) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM verify_miss WHERE client = $1 AND at >= $2`, client, db.Micros(since)).Scan(&n)
	return n, db.Explain(err)
}
