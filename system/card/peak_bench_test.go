package card

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// The nation's peak: ten discharges a second, while two hundred sessions of fifty
// doctors open the board of a full department or a long case history every five
// seconds. The discharges are those of another department: a board shows sixty
// people, not those too who wait for theirs.
const (
	peakDischarges = 10 // a second
	peakSessions   = 200
	peakDoctors    = 50
	peakThinks     = 5 * time.Second
)

// BenchmarkPeak runs for SANARIP_PEAK seconds on each engine and tells how long
// the server takes: bench/peak.
func BenchmarkPeak(b *testing.B) {
	seconds, err := strconv.Atoi(os.Getenv("SANARIP_PEAK"))
	if err != nil || seconds <= 0 {
		b.Skip("SANARIP_PEAK is for how many seconds")
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			w := newWard(b, func(env *host.Env) {
				if engine == "postgres" {
					env.Database = dbtest.Postgres(b) // with the connections that the product holds by itself
					env.Connections, _ = strconv.Atoi(os.Getenv("SANARIP_PEAK_CONNECTIONS"))
				}
			})
			for b.Loop() {
				w.peak(b, time.Duration(seconds)*time.Second)
			}
		})
	}
}

// times are how long something took, each time.
type times struct {
	mu  sync.Mutex
	all []time.Duration
}

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, d)
}

func (t *times) report(b *testing.B, name string) {
	b.Helper()
	if len(t.all) == 0 {
		b.Fatal("nothing was done: " + name)
	}
	slices.Sort(t.all)
	at := func(share float64) float64 {
		return float64(t.all[min(len(t.all)-1, int(float64(len(t.all))*share))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), name+"-p50-ms")
	b.ReportMetric(at(0.99), name+"-p99-ms")
	b.ReportMetric(float64(len(t.all)), name+"s")
}

func (w fullWard) peak(b *testing.B, long time.Duration) {
	b.Helper()
	stays, sessions := w.toDischarge(b, peakDischarges*int(long/time.Second)), make([][]*http.Cookie, peakSessions)
	w.hire(peakDoctors)
	for i := range sessions {
		sessions[i] = w.signedIn(b, wardDoctor(i%peakDoctors))
	}
	var boards, first, histories, discharges times
	var failed, seen sync.Map
	ctx, stop := context.WithTimeout(b.Context(), long)
	defer stop()
	used := w.usage(b)
	var all sync.WaitGroup
	for i, cookies := range sessions {
		all.Go(func() {
			wait := rand.N(peakThinks) //nolint:gosec // no secret: people do not start together
			for ; ; wait = peakThinks {
				select {
				case <-ctx.Done():
					return
				case <-time.After(wait):
				}
				path, into := boardPath, &boards
				if rand.N(3) == 0 { //nolint:gosec // no secret
					path, into = "/stays/"+w.stay, &histories
				} else if _, again := seen.LoadOrStore(i%peakDoctors, true); !again {
					into = &first
				}
				begun := time.Now()
				answer := w.ask(path, cookies)
				into.add(time.Since(begun))
				if answer.Code != http.StatusOK {
					failed.Store(path, answer.Code)
				}
			}
		})
	}
	w.discharge(ctx, stays, &discharges, &failed, &all)
	all.Wait()
	now := w.usage(b)
	failed.Range(func(what, how any) bool { b.Error(what, how); return true })
	boards.all = append(boards.all, first.all...) // of all boards these are the slowest
	boards.report(b, "board")
	first.report(b, "first-board")
	histories.report(b, "history")
	discharges.report(b, "discharge")
	b.ReportMetric(float64((now.ours-used.ours).Milliseconds())/long.Seconds(), "cpu-ms/s")
	if ticks := now.since(used); ticks > 0 {
		b.ReportMetric(float64(ticks.Milliseconds())/long.Seconds(), "server-cpu-ms/s")
	}
	b.ReportMetric(w.weight(b, boardPath), "board-KB")
	b.ReportMetric(w.weight(b, "/stays/"+w.stay), "history-KB")
}

// toDischarge is so many stays of another department that lack nothing.
func (w fullWard) toDischarge(b *testing.B, count int) []string {
	b.Helper()
	const department = "05"
	w.n.Set(func(n *cardtest.Neighbours) {
		n.PostsOf = append(n.PostsOf, cardtest.Post(formtest.HeadPIN, formtest.HeadName, workforceapi.Head, department))
	})
	world := formtest.World{T: b, Desk: w.desk, Clock: w.now}
	stays := world.ReadyMany(1000, count)
	world.Exec(`UPDATE move SET department = $1 WHERE bed_id IS NULL`, department)
	world.Exec(`UPDATE stay SET department = $1 WHERE bed_id IS NULL`, department)
	return stays
}

// discharge begins one after the other, ten a second, however long each takes.
func (w fullWard) discharge(ctx context.Context, stays []string, took *times, failed *sync.Map, all *sync.WaitGroup) {
	doctor, end := formtest.Doctor(ctx), form.Ending{At: w.now.Now(), Outcome: "discharged", Result: "improved"}
	tick := time.NewTicker(time.Second / peakDischarges)
	defer tick.Stop()
	for _, stayID := range stays {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		all.Go(func() {
			begun := time.Now()
			_, err := discharge.Discharge(context.WithoutCancel(doctor), w.desk, stayID, end)
			took.add(time.Since(begun))
			if err != nil {
				failed.Store("discharge", err)
			}
		})
	}
}

// weight is what the page weighs on the line, compressed as a browser asks for it,
// in kilobytes, without fonts, style and scripts.
func (w fullWard) weight(b *testing.B, path string) float64 {
	b.Helper()
	answer := w.ask(path, w.cookies)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(answer.Body.Bytes()); err != nil {
		b.Fatal(err)
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	b.Logf("%s: %d bytes, %d packed", path, answer.Body.Len(), packed.Len())
	return float64(answer.Body.Len()) / 1024
}

// signedIn is another session of the doctor.
func (w fullWard) signedIn(b *testing.B, pin string) []*http.Cookie {
	b.Helper()
	data, err := w.desk.Admit(b.Context(), signin.Claims{PIN: pin, Name: "Асанова Айгүл Маратовна"})
	if err != nil {
		b.Fatal(err)
	}
	started := httptest.NewRecorder()
	if err := w.desk.Sessions.Start(b.Context(), started, pin, fmt.Sprintf("sid-%d", rand.Int64()), data); err != nil { //nolint:gosec // no secret
		b.Fatal(err)
	}
	return started.Result().Cookies()
}
