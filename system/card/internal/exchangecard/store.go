package exchangecard

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
)

func revokeCodes(ctx context.Context, tx *sql.Tx, pregnancyID string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE exchange_card SET revoked_at = $2 WHERE pregnancy_id = $1 AND revoked_at = 0`, pregnancyID, db.Micros(at))
	return err
}

func setGiven(ctx context.Context, tx *sql.Tx, pregnancyID string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE pregnancy SET given_at = $2 WHERE id = $1`, pregnancyID, db.Micros(at))
	return err
}

func insertCode(ctx context.Context, tx *sql.Tx, cardID, pregnancyID string, g Given, by string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO exchange_card (id, pregnancy_id, code, early, given_at, by_pin, by_name, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`, cardID, pregnancyID, g.Code, g.Early, db.Micros(g.At), by, g.ByName)
	return err
}

// codesOf are the codes of the card, the newest first.
func codesOf(ctx context.Context, q db.Querier, pregnancyID string) ([]Given, error) {
	var all []Given
	for row, err := range db.Rows(ctx, q, `SELECT code, early, given_at, by_name, revoked_at FROM exchange_card WHERE pregnancy_id = $1 ORDER BY given_at DESC, revoked_at LIMIT 50`, pregnancyID) {
		if err != nil {
			return nil, err
		}
		var g Given
		var at, revoked int64
		if err := row.Scan(&g.Code, &g.Early, &at, &g.ByName, &revoked); err != nil {
			return nil, err
		}
		g.At, g.RevokedAt = db.Time(at), db.Time(revoked)
		all = append(all, g)
	}
	return all, nil
}

// byCode is the open pregnancy of a code that is valid.
func byCode(ctx context.Context, q db.Querier, code string) (antenatal.Pregnancy, error) {
	g, err := antenatal.Head(ctx, q, `JOIN exchange_card c ON c.pregnancy_id = g.id WHERE c.code = $1 AND c.revoked_at = 0 AND g.state = 'open'`, code)
	if fail.Is(err, fail.NotFound) {
		return g, fail.New(fail.NotFound, "card.maternity.no_such_code")
	}
	return g, err
}

// ofPIN is the open pregnancy of the woman.
func ofPIN(ctx context.Context, q db.Querier, number string) (antenatal.Pregnancy, error) {
	g, err := antenatal.Head(ctx, q, `WHERE p.pin = $1 AND g.state = 'open'`, number)
	if fail.Is(err, fail.NotFound) || number == "" {
		return g, fail.New(fail.NotFound, "card.maternity.no_card")
	}
	return g, err
}

// pregnanciesOf are the ids of the woman's pregnancies, the newest first.
func pregnanciesOf(ctx context.Context, q db.Querier, number string, limit int) ([]string, error) {
	return db.Column[string](ctx, q, `SELECT g.id FROM pregnancy g JOIN patient p ON p.id = g.patient_id WHERE p.pin = $1
		ORDER BY g.dated_from DESC, g.created_at DESC LIMIT $2`, number, limit)
}

// stayFits says whether the stay is an open one of the woman in the hospital.
func stayFits(ctx context.Context, q db.Querier, stayID, organisation, number string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM stay s JOIN patient p ON p.id = s.patient_id
		WHERE s.id = $1 AND s.organisation = $2 AND p.pin = $3 AND s.state = 'open'`, stayID, organisation, number).Scan(&n)
	return n == 1, db.Explain(err)
}

func insertOpening(ctx context.Context, tx *sql.Tx, pregnancyID string, o Opening, requestID string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO exchange_card_opening (id, pregnancy_id, at, organisation, by_name, basis, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id.New(), pregnancyID, db.Micros(o.At), o.Organisation, o.ByName, o.Basis, requestID)
	return err
}

func openingsOf(ctx context.Context, q db.Querier, pregnancyID string) ([]Opening, error) {
	var all []Opening
	for row, err := range db.Rows(ctx, q, `SELECT at, organisation, by_name, basis FROM exchange_card_opening WHERE pregnancy_id = $1 ORDER BY at DESC LIMIT 100`, pregnancyID) {
		if err != nil {
			return nil, err
		}
		var o Opening
		var at int64
		if err := row.Scan(&at, &o.Organisation, &o.ByName, &o.Basis); err != nil {
			return nil, err
		}
		o.At = db.Time(at)
		all = append(all, o)
	}
	return all, nil
}

// Arrived is a tear-off in the inbox of a clinic.
type Arrived struct {
	cardapi.TearOff
	ReceivedAt time.Time
	ReadAt     time.Time
	ReadName   string
}

// keepTearOff puts a tear-off into the inbox; isNew is false for a repetition,
// whose first arrival is given.
func keepTearOff(ctx context.Context, tx *sql.Tx, t cardapi.TearOff, at time.Time) (first time.Time, isNew bool, err error) {
	content, err := json.Marshal(t)
	if err != nil {
		return at, false, err
	}
	isNew, err = db.ChangedOne(ctx, tx, `INSERT INTO tear_off_inbox (root, version, kind, organisation, sender, pregnancy_id, content, received_at, read_at, read_pin, read_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', '') ON CONFLICT (root, version) DO NOTHING`,
		t.Root, t.Version, t.Kind, t.To, t.From, t.Pregnancy, string(content), db.Micros(at))
	if err != nil || isNew {
		return at, isNew, err
	}
	var micros int64
	err = tx.QueryRowContext(ctx, `SELECT received_at FROM tear_off_inbox WHERE root = $1 AND version = $2`, t.Root, t.Version).Scan(&micros)
	return db.Time(micros), false, err
}

func newestVersion(ctx context.Context, q db.Querier, root string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM tear_off_inbox WHERE root = $1`, root).Scan(&n)
	return n, err
}

// pageSize is how many tear-offs a page of the inbox shows.
const pageSize = 50

// Parts of the inbox, of which a cursor names one: what was read meanwhile has
// left the first, and the page goes on from where it stood.
const (
	partUnread = "unread"
	partRead   = "read"
)

// inbox is a page of the tear-offs for the organisation in their newest versions,
// those that nobody has read first, in each part the newest arrival first; and
// the cursor of the page behind it, "" for none. A cursor that is none begins at
// the top.
func inbox(ctx context.Context, q db.Querier, organisation, after string) (found []Arrived, next string, err error) {
	part, root, _ := strings.Cut(after, ".")
	at, err := receivedAt(ctx, q, organisation, root)
	if err != nil {
		return nil, "", err
	}
	if at == 0 || (part != partUnread && part != partRead) {
		part, root, at = partUnread, "", 0
	}
	if part == partUnread {
		query, args := inboxQuery(organisation, partUnread, root, at, pageSize+1)
		if found, err = arrived(ctx, q, query, args...); err != nil {
			return nil, "", err
		}
		root, at = "", 0
	}
	if len(found) <= pageSize {
		query, args := inboxQuery(organisation, partRead, root, at, pageSize+1-len(found))
		read, err := arrived(ctx, q, query, args...)
		if err != nil {
			return nil, "", err
		}
		found = append(found, read...)
	}
	if len(found) <= pageSize {
		return found, "", nil
	}
	found = found[:pageSize]
	last := found[pageSize-1]
	if next = partRead; last.ReadAt.IsZero() {
		next = partUnread
	}
	return found, next + "." + last.Root, nil
}

// receivedAt is when the newest version of the tear-off came, 0 for none.
func receivedAt(ctx context.Context, q db.Querier, organisation, root string) (at int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT received_at FROM tear_off_inbox WHERE root = $1 AND organisation = $2 ORDER BY version DESC LIMIT 1`, root, organisation).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return at, db.Explain(err)
}

func inboxQuery(organisation, part, root string, at int64, limit int) (query string, args []any) {
	query, args = `WHERE i.organisation = $1 AND i.version = (SELECT MAX(version) FROM tear_off_inbox n WHERE n.root = i.root)`, []any{organisation, limit}
	if part == partUnread {
		query += ` AND i.read_at = 0`
	} else {
		query += ` AND i.read_at <> 0`
	}
	if at != 0 {
		query += ` AND (i.received_at, i.root) < ($3, $4)`
		args = append(args, at, root)
	}
	return query + ` ORDER BY i.received_at DESC, i.root DESC LIMIT $2`, args
}

// CountUnread is how many tear-offs wait for the organisation.
func CountUnread(ctx context.Context, q db.Querier, organisation string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM tear_off_inbox i WHERE organisation = $1 AND read_at = 0
		AND version = (SELECT MAX(version) FROM tear_off_inbox n WHERE n.root = i.root)`, organisation).Scan(&n)
	return n, db.Explain(err)
}

// versionsOf are the versions of a tear-off for the organisation, the newest first.
func versionsOf(ctx context.Context, q db.Querier, organisation, root string) ([]Arrived, error) {
	return arrived(ctx, q, `WHERE i.organisation = $1 AND i.root = $2 ORDER BY i.version DESC`, organisation, root)
}

// tearOffsOf are those about the pregnancy's woman.
func tearOffsOf(ctx context.Context, q db.Querier, pregnancyID string) ([]Arrived, error) {
	return arrived(ctx, q, `WHERE i.pregnancy_id = $1 AND i.kind = 'mother' ORDER BY i.version DESC`, pregnancyID)
}

// Returned is what the hospital returned about the woman of the pregnancy, in its
// newest version, and when it came; nil: nothing did.
func Returned(ctx context.Context, q db.Querier, pregnancyID string) (*cardapi.TearOff, time.Time, error) {
	all, err := tearOffsOf(ctx, q, pregnancyID)
	if err != nil || len(all) == 0 {
		return nil, time.Time{}, err
	}
	return &all[0].TearOff, all[0].ReceivedAt, nil
}

func arrived(ctx context.Context, q db.Querier, where string, args ...any) ([]Arrived, error) {
	var all []Arrived
	for row, err := range db.Rows(ctx, q, `SELECT i.content, i.received_at, i.read_at, i.read_name FROM tear_off_inbox i `+where, args...) {
		if err != nil {
			return nil, err
		}
		var a Arrived
		var content string
		var received, read int64
		if err := row.Scan(&content, &received, &read, &a.ReadName); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(content), &a.TearOff); err != nil {
			return nil, err
		}
		a.ReceivedAt, a.ReadAt = db.Time(received), db.Time(read)
		all = append(all, a)
	}
	return all, nil
}

// markRead acknowledges a version that nobody has: once.
func markRead(ctx context.Context, tx *sql.Tx, organisation, root string, version int, pin, name string, at time.Time) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE tear_off_inbox SET read_at = $4, read_pin = $5, read_name = $6
		WHERE organisation = $1 AND root = $2 AND version = $3 AND read_at = 0`, organisation, root, version, db.Micros(at), pin, name)
}
