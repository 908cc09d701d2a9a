package card

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
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
	onEngines(b, func(b *testing.B, w fullWard) { w.render(b, boardPath, 60) })
}

func BenchmarkPageOfHistory(b *testing.B) {
	onEngines(b, func(b *testing.B, w fullWard) { w.render(b, "/stays/"+w.stay, 200) })
}

// The board as a doctor sees it first in a shift: sixty access records are written
// before it is answered.
func BenchmarkPageOfWardFirst(b *testing.B) {
	onEngines(b, func(b *testing.B, w fullWard) { w.renderFirst(b, boardPath) })
}

// A page with a session and the layout, and one word in it.
func BenchmarkPageOfWardReference(b *testing.B)      { helloOnEngines(b) }
func BenchmarkPageOfHistoryReference(b *testing.B)   { helloOnEngines(b) }
func BenchmarkPageOfWardFirstReference(b *testing.B) { helloOnEngines(b) }

func helloOnEngines(b *testing.B) {
	b.Helper()
	onEngines(b, func(b *testing.B, w fullWard) { w.render(b, "/hello", 0) })
}

const boardPath = "/ward?department=18"

// onEngines runs the benchmark in a full ward on each engine, with as many
// connections to PostgreSQL as the product holds by itself.
func onEngines(b *testing.B, run func(b *testing.B, w fullWard)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { run(b, newWard(b, nil)) })
	b.Run("postgres", func(b *testing.B) {
		run(b, newWard(b, func(env *host.Env) { env.Database = dbtest.Postgres(b) }))
	})
}

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
	w.cookies = w.signedIn(b, doctorPIN)
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

func (w fullWard) ask(path string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://card.localhost"+path, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	w.Handler().ServeHTTP(answer, r)
	return answer
}

func (w fullWard) render(b *testing.B, path string, lines int) {
	b.Helper()
	if answer := w.ask(path, w.cookies); answer.Code != http.StatusOK || answer.Body.Len() < 100*lines || lines == 0 && !strings.Contains(answer.Body.String(), "<p>Саламатсызбы</p>") {
		b.Fatal(answer.Code, answer.Body.Len())
	}
	b.ReportAllocs()
	used := w.usage(b)
	for b.Loop() {
		w.ask(path, w.cookies)
	}
	used.report(b)
}

// renderFirst shows the page to somebody new each time.
func (w fullWard) renderFirst(b *testing.B, path string) {
	b.Helper()
	w.hire(b.N)
	cookies := make([][]*http.Cookie, b.N)
	for i := range cookies {
		cookies[i] = w.signedIn(b, wardDoctor(i))
	}
	b.ReportAllocs()
	used := w.usage(b)
	b.ResetTimer()
	for _, who := range cookies {
		if answer := w.ask(path, who); answer.Code != http.StatusOK {
			b.Fatal(answer.Code)
		}
	}
	b.StopTimer()
	used.report(b)
}

// hire gives the department so many doctors more.
func (w fullWard) hire(count int) {
	w.n.Set(func(n *cardtest.Neighbours) {
		for i := range count {
			n.PostsOf = append(n.PostsOf, cardtest.Post(wardDoctor(i), "Асанова Айгүл Маратовна", workforceapi.Doctor, "18"))
		}
	})
}

func wardDoctor(i int) string { return fmt.Sprintf("101011980%05d", i) }

// usage is how much of the processors was used until now: unlike the wall's
// clock it says something on a machine shared with others.
type usage struct {
	w      fullWard
	ours   time.Duration
	server map[string]int64 // clock ticks, by process of PostgreSQL that serves the database
}

// tick is the unit of /proc/PID/stat on Linux.
const tick = 10 * time.Millisecond

func (w fullWard) usage(b *testing.B) usage {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	u := usage{w, time.Duration(used.Utime.Nano() + used.Stime.Nano()), map[string]int64{}}
	if w.desk.DB.Dialect != db.Postgres {
		return u
	}
	rows, err := w.desk.DB.Read.QueryContext(b.Context(), `SELECT CAST(pid AS TEXT) FROM pg_stat_activity WHERE datname = current_database()`)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var pid string
		if err := rows.Scan(&pid); err != nil {
			b.Fatal(err)
		}
		if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil { // not there: the server is on another machine
			_, fields, _ := strings.Cut(string(stat), ") ")
			for _, field := range strings.Fields(fields)[11:13] { // time of its own and in the kernel
				n, err := strconv.ParseInt(field, 10, 64)
				if err != nil {
					b.Fatal(err)
				}
				u.server[pid] += n
			}
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return u
}

// report tells what a page has cost since then; of PostgreSQL, what those of its
// processes have used that are still there.
func (u usage) report(b *testing.B) {
	b.Helper()
	now := u.w.usage(b)
	b.ReportMetric(float64((now.ours-u.ours).Microseconds())/float64(b.N), "cpu-µs/op")
	if server := now.since(u); server > 0 {
		b.ReportMetric(float64(server.Microseconds())/float64(b.N), "server-cpu-µs/op")
	}
}

// since is what PostgreSQL used after the moment before.
func (u usage) since(before usage) time.Duration {
	var ticks int64
	for pid, n := range u.server {
		ticks += n - before.server[pid]
	}
	return time.Duration(ticks) * tick
}
