package discharge

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/migration"
)

// ward is a hospital whose patients do not run out.
type ward struct {
	formtest.World
	admitted *int
}

// ready is n stays that can be discharged.
func (w ward) ready(n int) []string {
	*w.admitted += n
	return w.ReadyMany(*w.admitted-n, n)
}

// engines runs the benchmark in a hospital on each engine.
func engines(b *testing.B, run func(b *testing.B, w ward)) {
	each := func(d *db.DB) {
		w := ward{formtest.New(b, d), new(int)}
		b.Run(string(d.Dialect), func(b *testing.B) { run(b, w) })
	}
	each(dbtest.SQLite(b, "card", migration.Sets...))
	each(dbtest.Open(b, dbtest.Postgres(b), "card", migration.Sets...)) // skips what follows where there is none
}

// The whole use case: the record read and checked, the stay closed, the number,
// the form, the treated case, both jobs, the access record.
func BenchmarkDischarge(b *testing.B) {
	engines(b, func(b *testing.B, w ward) {
		stays, ctx, end := w.ready(b.N), formtest.Doctor(b.Context()), better(w.World)
		b.ResetTimer()
		for _, stayID := range stays {
			if _, err := Discharge(ctx, w.Desk, stayID, end); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What is left when nothing is read, checked or computed: the same rows written
// in one transaction, their values known beforehand, statement by statement.
func BenchmarkDischargeReference(b *testing.B) { bareDischarges(b, false) }

// BenchmarkDischargeSent is the same as BenchmarkDischarge, against a reference
// that sends its writes together as a discharge does: on PostgreSQL the least
// that is possible.
func BenchmarkDischargeSent(b *testing.B) { BenchmarkDischarge(b) }

func BenchmarkDischargeSentReference(b *testing.B) { bareDischarges(b, true) }

func bareDischarges(b *testing.B, together bool) {
	b.Helper()
	engines(b, func(b *testing.B, w ward) {
		bare, stays := newBare(b, w), w.ready(b.N)
		b.ResetTimer()
		for _, stayID := range stays {
			if err := bare.discharge(b.Context(), stayID, together); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// As many at once as connections: discharges of one department take turns at
// its sequence from the number on, so the reading before it is what runs apart.
func BenchmarkDischargeParallel(b *testing.B) {
	engines(b, func(b *testing.B, w ward) {
		ctx, end := formtest.Doctor(b.Context()), better(w.World)
		atOnce(b, w.ready(b.N), func(stayID string) error {
			_, err := Discharge(ctx, w.Desk, stayID, end)
			return err
		})
	})
}

func BenchmarkDischargeParallelReference(b *testing.B) {
	engines(b, func(b *testing.B, w ward) {
		bare := newBare(b, w)
		atOnce(b, w.ready(b.N), func(stayID string) error { return bare.discharge(b.Context(), stayID, false) })
	})
}

func atOnce(b *testing.B, stays []string, do func(stayID string) error) {
	b.Helper()
	var next atomic.Int64
	b.SetParallelism(4) // times the processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := do(stays[next.Add(1)-1]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// bare writes what a discharge writes. Its texts are those of a real one.
type bare struct {
	w              ward
	end            form.Ending
	content, sheet string
}

func newBare(b *testing.B, w ward) bare {
	b.Helper()
	n, err := Discharge(formtest.Doctor(b.Context()), w.Desk, w.ready(1)[0], better(w.World))
	if err != nil {
		b.Fatal(err)
	}
	bare := bare{w: w, end: better(w.World)}
	err = w.Desk.DB.Read.QueryRowContext(b.Context(), `SELECT c.content, s.content FROM treated_case c
		JOIN form_sheet s ON s.number = c.number AND s.revision = c.revision WHERE c.number = $1`, n.String()).Scan(&bare.content, &bare.sheet)
	if err != nil {
		b.Fatal(err)
	}
	return bare
}

func (r bare) discharge(ctx context.Context, stayID string, together bool) error {
	now, year := db.Micros(r.w.Clock.Now()), clock.DateOf(r.end.At).Year
	return r.w.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var sequence int
		err := tx.QueryRowContext(ctx, `INSERT INTO form_sequence (organisation, department, year, last) VALUES ($1, $2, $3, 1)
			ON CONFLICT (organisation, department, year) DO UPDATE SET last = form_sequence.last + 1 RETURNING last`,
			formtest.Hospital, formtest.Department, year).Scan(&sequence)
		if err != nil {
			return err
		}
		number := fmt.Sprintf("%07d%s%s%02d", sequence, formtest.Department, formtest.Hospital, year%100)
		writes := []db.Question{
			db.Write(`UPDATE stay SET state = 'discharged', discharged_at = $2, outcome = $3, result = $4, transferred_to = $5, recommendations = $6, discharged_by = $7 WHERE id = $1`,
				stayID, db.Micros(r.end.At), r.end.Outcome, r.end.Result, "", r.end.Recommendations, formtest.DoctorPIN),
			db.Write(`UPDATE move SET until_at = $2 WHERE stay_id = $1 AND until_at = 0`, stayID, db.Micros(r.end.At)),
			db.Write(`UPDATE medical_order SET ended_at = $2, ended_by = $3, end_reason = $4 WHERE stay_id = $1 AND ended_at = 0`,
				stayID, now, formtest.DoctorPIN, "discharge"),
			db.Write(`DELETE FROM discharge_draft WHERE stay_id = $1`, stayID),
			db.Write(`INSERT INTO form (number, stay_id, organisation, department, year, sequence, state, issued_at, issued_by) VALUES ($1, $2, $3, $4, $5, $6, 'valid', $7, $8)`,
				number, stayID, formtest.Hospital, formtest.Department, year, sequence, now, formtest.DoctorPIN),
			db.Write(`INSERT INTO treated_case (number, revision, stay_id, content, request_id, state, created_at, created_by) VALUES ($1, 1, $2, $3, $4, 'queued', $5, $6)`,
				number, stayID, r.content, id.New(), now, formtest.DoctorPIN),
			db.Write(`INSERT INTO form_sheet (number, revision, content) VALUES ($1, 1, $2)`, number, r.sheet),
			db.Write(`INSERT INTO job (id, kind, body, unique_key, subject, state, run_at, created_at) VALUES ($1, 'handover', $2, $3, $4, 'ready', $5, $5)`,
				id.New(), `{"number":"`+number+`","revision":1}`, "handover:"+number, number, now),
			db.Write(`INSERT INTO job (id, kind, body, unique_key, subject, state, run_at, created_at) VALUES ($1, 'notify', $2, $3, $4, 'ready', $5, $5)`,
				id.New(), `{"stay_id":"`+stayID+`"}`, "notify:"+stayID, stayID, now),
			db.Write(`INSERT INTO access_record (id, at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id)
					VALUES ($1, $2, $3, $4, $5, 'Врач', 'Национальный госпиталь', 'card', 'discharge', 'treatment', $6, '')`,
				id.New(), now, formtest.PatientPIN, formtest.DoctorPIN, formtest.DoctorName, number),
		}
		if together {
			return db.Send(ctx, tx, writes...)
		}
		for _, write := range writes {
			if _, err := tx.ExecContext(ctx, write.Query, write.Args...); err != nil {
				return err
			}
		}
		return nil
	})
}
