package card

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// A department of 60 occupied beds, and a stay with 200 entries. The pages go
// the whole way: session, post, rights, SQL, access record, HTML.
func BenchmarkPageOfWard(b *testing.B) {
	w := newWard(b, nil)
	w.render(b, "/ward?department=18", 60)
}

func BenchmarkPageOfHistory(b *testing.B) {
	w := newWard(b, nil)
	w.render(b, "/stays/"+w.stay, 200)
}

// A page with a session and the layout, and one word in it.
func BenchmarkPageOfWardReference(b *testing.B)    { newWard(b, nil).render(b, "/hello", 0) }
func BenchmarkPageOfHistoryReference(b *testing.B) { newWard(b, nil).render(b, "/hello", 0) }

type fullWard struct {
	house
	cookies []*http.Cookie
	stay    string
}

func newWard(b *testing.B, change func(*host.Env)) fullWard {
	b.Helper()
	h := newHouse(b, change)
	h.n.Set(func(n *cardtest.Neighbours) {
		n.Orgs[0].Departments[0].Beds = cardtest.Beds("18", 60)
		n.PostsOf[0].Department, n.PostsOf[0].Role = "18", workforceapi.Head
	})
	if _, err := h.desk.Directory.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
	h.desk.Page("GET /hello", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
			hello := templ.ComponentFunc(func(_ context.Context, out io.Writer) error {
				_, err := io.WriteString(out, "<p>Саламатсызбы</p>")
				return err
			})
			return design.Work("Саламатсызбы").Render(templ.WithChildren(ctx, hello), out)
		}))
	})
	w := fullWard{house: h}
	w.cookies = w.signedIn(b)
	if err := h.desk.DB.Tx(b.Context(), w.fill); err != nil {
		b.Fatal(err)
	}
	if err := h.desk.DB.Read.QueryRowContext(b.Context(), `SELECT stay_id FROM entry LIMIT 1`).Scan(&w.stay); err != nil {
		b.Fatal(err)
	}
	return w
}

func (w fullWard) fill(ctx context.Context, tx *sql.Tx) error {
	at := db.Micros(w.now.Now().Add(-240 * time.Hour))
	for bed := 1; bed <= 60; bed++ {
		patientID, stayID := id.New(), id.New()
		if _, err := tx.ExecContext(ctx, `INSERT INTO patient (id, pin, family_name, given_name, patronymic, birth_date, sex, region, address, rural, passport,
				citizenship, insured, policy, category, alerts, description, created_at, created_by, organisation)
			VALUES ($1, $2, 'Жумабеков', 'Эрмек', 'Асанович', '1960-09-12', 'male', '', 'Сокулук', 0, '', 'KGZ', 1, '', '', 'Аллергия: йод', '', 1, $3, $4)`,
			patientID, fmt.Sprintf("212091960%05d", bed), doctorPIN, cardtest.Hospital); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer,
				first_this_year, department, bed_id, doctor_pin, doctor_name, created_at, created_by)
			VALUES ($1, $2, $3, 'open', 'planned', $4, 0, 'self', '', 1, '18', $5, $6, 'Асанова Айгүл Маратовна', $4, $6)`,
			stayID, patientID, cardtest.Hospital, at, cardtest.BedID("18", bed), doctorPIN); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO move (id, stay_id, department, bed_id, from_at, by_pin, by_name, reason) VALUES ($1, $2, '18', $3, $4, $5, '', '')`,
			id.New(), stayID, cardtest.BedID("18", bed), at, doctorPIN); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name)
			VALUES ($1, $2, 'admission', 'main', 'J18.9', 'Левосторонняя', $3, $4, '')`, id.New(), stayID, at, doctorPIN); err != nil {
			return err
		}
		if bed > 1 {
			continue
		}
		for n := range 200 {
			entry, when := id.New(), at+int64(n)*int64(time.Hour/time.Microsecond)
			if _, err := tx.ExecContext(ctx, `INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
				VALUES ($1, $2, 'diary', $1, 1, '', $3, $4, $5, 'Асанова Айгүл Маратовна', 'Врач', $4)`, entry, stayID,
				fmt.Sprintf("Запись %d. Состояние средней тяжести, стабильное. Дыхание жёсткое, хрипов нет. АД 120/80, пульс 76.", n), when, doctorPIN); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w fullWard) render(b *testing.B, path string, lines int) {
	b.Helper()
	handler := w.Handler()
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "http://card.localhost"+path, nil)
		for _, c := range w.cookies {
			r.AddCookie(c)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer
	}
	if answer := ask(); answer.Code != http.StatusOK || answer.Body.Len() < 100*lines || lines == 0 && !strings.Contains(answer.Body.String(), "<p>Саламатсызбы</p>") {
		b.Fatal(answer.Code, answer.Body.Len())
	}
	b.ReportAllocs()
	before, pages := processor(b), 0
	for b.Loop() {
		ask()
		pages++
	}
	b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(pages), "cpu-µs/op")
}

// processor is the time of processors that this process has used: unlike the
// wall's, it says something on a machine shared with others.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
