package maternity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

func load(ctx context.Context, q db.Querier, v stay.View) (Confinement, error) {
	c := Confinement{Stay: v}
	var card string
	var opened int64
	err := q.QueryRowContext(ctx, `SELECT card, basis, opened_at, opened_name FROM confinement WHERE stay_id = $1`, v.ID).Scan(&card, &c.Basis, &opened, &c.OpenedBy)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, db.Explain(err)
	}
	c.OpenedAt = db.Time(opened)
	if c.Card, err = parseCard(card); err != nil {
		return c, err
	}
	births, err := parts[cardapi.Birth](ctx, q, v.ID, birthPart)
	if err != nil {
		return c, err
	}
	if birth, ok := births[""]; ok {
		c.Birth = &birth
	}
	if c.Details, err = parts[cardapi.Newborn](ctx, q, v.ID, newbornPart); err != nil {
		return c, err
	}
	if c.Children, err = newborn.OfStay(ctx, q, v.ID); err != nil {
		return c, err
	}
	c.Sent, err = sentOf(ctx, q, v.ID)
	return c, err
}

func parseCard(data string) (*cardapi.ExchangeCard, error) {
	if data == "" {
		return nil, nil
	}
	var card cardapi.ExchangeCard
	return &card, json.Unmarshal([]byte(data), &card)
}

// cardOf is the card that was opened for the stay, nil for none.
func cardOf(ctx context.Context, q db.Querier, stayID string) (*cardapi.ExchangeCard, error) {
	var card string
	err := q.QueryRowContext(ctx, `SELECT card FROM confinement WHERE stay_id = $1`, stayID).Scan(&card)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	return parseCard(card)
}

// begin makes the row of the confinement if there is none.
func begin(ctx context.Context, tx *sql.Tx, stayID string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO confinement (stay_id, card, basis, opened_at, opened_pin, opened_name)
		VALUES ($1, '', '', 0, '', '') ON CONFLICT (stay_id) DO NOTHING`, stayID)
	return err
}

func keepCard(ctx context.Context, tx *sql.Tx, stayID string, card cardapi.ExchangeCard, basis string, by desk.Staff, at time.Time) error {
	content, err := json.Marshal(card)
	if err != nil {
		return err
	}
	if err := begin(ctx, tx, stayID); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE confinement SET card = $2, basis = $3, opened_at = $4, opened_pin = $5, opened_name = $6 WHERE stay_id = $1`,
		stayID, string(content), basis, db.Micros(at), by.PIN, by.Name)
	return err
}

func partExists(ctx context.Context, q db.Querier, partID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM confinement_part WHERE id = $1`, partID).Scan(&n)
	return n > 0, err
}

// lastPart is the newest version of the part; root "" when there is none.
func lastPart(ctx context.Context, q db.Querier, stayID, kind, about string) (version int, author, root string, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0), COALESCE(MAX(CASE WHEN version = 1 THEN by_pin END), ''), COALESCE(MAX(root), '')
		FROM confinement_part WHERE stay_id = $1 AND kind = $2 AND about = $3`, stayID, kind, about).Scan(&version, &author, &root)
	return version, author, root, err
}

func insertPart(ctx context.Context, tx *sql.Tx, stayID, kind, about string, w antenatal.Writing, version int, body any, by desk.Staff, at time.Time) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO confinement_part (id, stay_id, kind, about, root, version, reason, content, by_pin, by_name, signed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		w.Once, stayID, kind, about, w.Root, version, w.Reason, string(content), by.PIN, by.Name, db.Micros(at))
	return err
}

// parts are the parts of the kind in their newest versions, by what they are about.
func parts[T any](ctx context.Context, q db.Querier, stayID, kind string) (map[string]antenatal.Signed[T], error) {
	all := map[string]antenatal.Signed[T]{}
	for row, err := range db.Rows(ctx, q, `SELECT id, about, root, version, reason, content, by_pin, by_name, signed_at
		FROM confinement_part WHERE stay_id = $1 AND kind = $2 ORDER BY version DESC`, stayID, kind) {
		if err != nil {
			return nil, err
		}
		var s antenatal.Signed[T]
		var about, content string
		var signed int64
		if err := row.Scan(&s.ID, &about, &s.Root, &s.Version, &s.Reason, &content, &s.ByPIN, &s.ByName, &signed); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(content), &s.Body); err != nil {
			return nil, err
		}
		s.SignedAt = db.Time(signed)
		if newest, ok := all[about]; ok {
			newest.Former = append(newest.Former, s)
			s = newest
		}
		all[about] = s
	}
	return all, nil
}

func insertTearOff(ctx context.Context, tx *sql.Tx, stayID, about string, t cardapi.TearOff, by string) error {
	content, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO tear_off (root, version, stay_id, kind, about, content, signed_at, by_pin) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.Root, t.Version, stayID, t.Kind, about, string(content), db.Micros(t.SignedAt), by)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO tear_off_way (root, version, delivered_at, read_at, read_name) VALUES ($1, $2, 0, 0, '')`, t.Root, t.Version)
	return err
}

func tearOff(ctx context.Context, q db.Querier, root string, version int) (cardapi.TearOff, error) {
	var content string
	var t cardapi.TearOff
	err := q.QueryRowContext(ctx, `SELECT content FROM tear_off WHERE root = $1 AND version = $2`, root, version).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return t, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return t, db.Explain(err)
	}
	return t, json.Unmarshal([]byte(content), &t)
}

// sentOf are the tear-offs of the stay in their newest versions.
func sentOf(ctx context.Context, q db.Querier, stayID string) ([]Sent, error) {
	var all []Sent
	for row, err := range db.Rows(ctx, q, `SELECT t.about, t.content, w.delivered_at, w.read_at, w.read_name
		FROM tear_off t JOIN tear_off_way w ON w.root = t.root AND w.version = t.version
		WHERE t.stay_id = $1 AND t.version = (SELECT MAX(version) FROM tear_off n WHERE n.root = t.root) ORDER BY t.kind, t.signed_at`, stayID) {
		if err != nil {
			return nil, err
		}
		var s Sent
		var content string
		var delivered, read int64
		if err := row.Scan(&s.About, &content, &delivered, &read, &s.ReadName); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(content), &s.TearOff); err != nil {
			return nil, err
		}
		s.DeliveredAt, s.ReadAt = db.Time(delivered), db.Time(read)
		all = append(all, s)
	}
	return all, nil
}

func setDelivered(ctx context.Context, tx *sql.Tx, r ref, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE tear_off_way SET delivered_at = $3 WHERE root = $1 AND version = $2 AND delivered_at = 0`, r.Root, r.Version, db.Micros(at))
	return err
}

func setRead(ctx context.Context, tx *sql.Tx, a cardapi.Acknowledgment) error {
	_, err := tx.ExecContext(ctx, `UPDATE tear_off_way SET read_at = $3, read_name = $4 WHERE root = $1 AND version = $2 AND read_at = 0`,
		a.Root, a.Version, db.Micros(a.At), a.Name)
	return err
}

// openStay is the open stay of the patient in the organisation; "" for none.
func openStay(ctx context.Context, q db.Querier, patientID, organisation string) (string, error) {
	var found string
	err := q.QueryRowContext(ctx, `SELECT id FROM stay WHERE patient_id = $1 AND organisation = $2 AND state = 'open'`, patientID, organisation).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return found, db.Explain(err)
}
