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
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// The nation's peak: ten discharges a second, while two hundred people at work
// open the board of a full department or a long case history every five seconds.
const (
	peakDischarges = 10 // a second
	peakSessions   = 200
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
					env.Database, env.Connections = dbtest.Postgres(b), 16
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
	handler, world := w.Handler(), formtest.World{T: b, Desk: w.desk, Clock: w.now}
	stays := world.ReadyMany(1000, peakDischarges*int(long/time.Second))
	var boards, histories, discharges times
	var failed sync.Map
	ctx, stop := context.WithTimeout(b.Context(), long)
	defer stop()
	var all sync.WaitGroup
	for range peakSessions {
		cookies := w.signedIn(b)
		all.Go(func() {
			for first := true; ; first = false {
				wait := peakThinks
				if first {
					wait = rand.N(peakThinks) //nolint:gosec // no secret: people do not start together
				}
				select {
				case <-ctx.Done():
					return
				case <-time.After(wait):
				}
				path, into := "/ward?department=18", &boards
				if rand.N(3) == 0 { //nolint:gosec // no secret
					path, into = "/stays/"+w.stay, &histories
				}
				r := httptest.NewRequest(http.MethodGet, "http://card.localhost"+path, nil)
				for _, c := range cookies {
					r.AddCookie(c)
				}
				answer, begun := httptest.NewRecorder(), time.Now()
				handler.ServeHTTP(answer, r)
				into.add(time.Since(begun))
				if answer.Code != http.StatusOK {
					failed.Store(path, answer.Code)
				}
			}
		})
	}
	doctor, end := formtest.Doctor(b.Context()), form.Ending{At: w.now.Now(), Outcome: "discharged", Result: "improved"}
	tick := time.NewTicker(time.Second / peakDischarges)
	defer tick.Stop()
	for _, stayID := range stays {
		select {
		case <-ctx.Done():
		case <-tick.C:
			all.Go(func() {
				begun := time.Now()
				_, err := discharge.Discharge(doctor, w.desk, stayID, end)
				discharges.add(time.Since(begun))
				if err != nil {
					failed.Store("discharge", err)
				}
			})
		}
	}
	all.Wait()
	failed.Range(func(what, how any) bool { b.Error(what, how); return true })
	boards.report(b, "board")
	histories.report(b, "history")
	discharges.report(b, "discharge")
	b.ReportMetric(w.weight(b, "/ward?department=18"), "board-KB")
	b.ReportMetric(w.weight(b, "/stays/"+w.stay), "history-KB")
}

// weight is what the page weighs on the line, compressed as a browser asks for it,
// in kilobytes, without fonts, style and scripts.
func (w fullWard) weight(b *testing.B, path string) float64 {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://card.localhost"+path, nil)
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	w.Handler().ServeHTTP(answer, r)
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
func (w fullWard) signedIn(b *testing.B) []*http.Cookie {
	b.Helper()
	data, err := w.desk.Admit(b.Context(), signin.Claims{PIN: doctorPIN, Name: "Асанова Айгүл Маратовна"})
	if err != nil {
		b.Fatal(err)
	}
	started := httptest.NewRecorder()
	if err := w.desk.Sessions.Start(b.Context(), started, doctorPIN, fmt.Sprintf("sid-%d", rand.Int64()), data); err != nil { //nolint:gosec // no secret
		b.Fatal(err)
	}
	return started.Result().Cookies()
}
