// Command load measures ЕСИ over the network against the least that could do
// the same: a bare net/http handler in a process of its own, under the same load
// generator, taking turns in the same minute.
//
//	bench/load/run              builds, starts and measures
//	ROUNDS=9 SECONDS=3 bench/load/run
//
// A flow of several requests is compared with as many requests of the handler.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "hello" {
		if err := hello(os.Args[2]); err != nil {
			fail(err)
		}
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "floor" {
		if err := floor(os.Args[2], os.Args[3]); err != nil {
			fail(err)
		}
		return
	}
	var s settings
	flag.StringVar(&s.base, "base", "", "address of ЕСИ: http://esi.localhost:8080")
	flag.StringVar(&s.hello, "hello", "", "address of the bare handler: 127.0.0.1:8081")
	flag.IntVar(&s.pid, "pid", 0, "process of ЕСИ, for its processor time and memory")
	flag.IntVar(&s.helloPID, "hello-pid", 0, "process of the bare handler, for its processor time")
	flag.IntVar(&s.floorPID, "floor-pid", 0, "process of the floor, for its processor time")
	flag.StringVar(&s.floor, "floor", "", "address of the bare server with the same signatures and writes: 127.0.0.1:8083; none without")
	flag.StringVar(&s.peer, "peer", "", "address of npm's oidc-provider (peer.mjs): 127.0.0.1:8082; none without")
	flag.StringVar(&s.machine, "machine", "", "client_id:client_secret of a machine")
	flag.IntVar(&s.rounds, "rounds", 5, "how often each is measured")
	flag.DurationVar(&s.time, "time", 2*time.Second, "for how long each time")
	flag.StringVar(&s.only, "only", "", "measure what has one of these in its name; parted by |")
	flag.IntVar(&s.connections, "connections", 64, "at once")
	flag.Parse()
	if err := s.run(context.Background()); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// hello is the reference.
func hello(address string) error {
	mux := http.NewServeMux()
	hashes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("hello\n")) // a reader that left is no error of ours
	})
	return (&http.Server{Addr: address, ReadHeaderTimeout: time.Minute, Handler: mux}).ListenAndServe()
}

type settings struct {
	base, hello, machine string
	peer, floor          string
	only                 string
	pid                  int
	helloPID, floorPID   int
	rounds, connections  int
	time                 time.Duration
}

// act is one whole thing; it gives the requests made.
type act struct {
	name string
	goal string // ratio to reach, for the reader
	do   func(ctx context.Context) (requests int, err error)

	pid  int  // of the process that does it; 0: its processor time is not measured
	bare *act // the reference, in the bare handler's process; nil for a greeting
}

func (s settings) run(ctx context.Context) error {
	l := s.line()
	acts, err := s.acts(ctx, l)
	if err != nil {
		return err
	}
	fmt.Println("| what | per second | requests | ratio to as many requests of a bare handler | goal | processor time each | of the bare handler |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
	for _, a := range acts {
		if !slices.ContainsFunc(strings.Split(s.only, "|"), func(part string) bool { return strings.Contains(a.name, part) }) {
			continue
		}
		var rates, ratios, costs, bareCosts []float64
		requests, bareRequests := 0, 1
		least := s.greet(l)
		if a.bare != nil {
			least = *a.bare
		}
		for range s.rounds {
			before := processor(s.helloPID)
			bare, err := s.measure(ctx, least)
			if err != nil {
				return fmt.Errorf("%s: %w", least.name, err)
			}
			bareCosts = append(bareCosts, each(processor(s.helloPID)-before, bare))
			before = processor(a.pid)
			mine, err := s.measure(ctx, a)
			if err != nil {
				return fmt.Errorf("%s: %w", a.name, err)
			}
			requests = mine.requests / max(mine.done, 1)
			rates = append(rates, mine.rate())
			bareRequests = bare.requests / max(bare.done, 1)
			ratios = append(ratios, mine.rate()*float64(requests)/(bare.rate()*float64(bareRequests)))
			costs = append(costs, each(processor(a.pid)-before, mine))
		}
		cost := fmt.Sprintf("%.0f µs", median(costs))
		if a.pid == 0 {
			cost = ""
		}
		fmt.Printf("| %s | %.0f | %d | %.2f (%.2f–%.2f) | %s | %s | %.0f µs |\n",
			a.name, median(rates), requests, median(ratios), slices.Min(ratios), slices.Max(ratios), a.goal, cost, median(bareCosts)*float64(requests)/float64(bareRequests))
	}
	fmt.Printf("\nResident memory after the load: %d MB\n", s.memory())
	return nil
}

type result struct {
	done, requests int
	took           time.Duration
}

func (r result) rate() float64 { return float64(r.done) / r.took.Seconds() }

// measure does the act for the time, as many times at once as there are connections.
func (s settings) measure(ctx context.Context, a act) (result, error) {
	var mu sync.Mutex
	var total result
	var failed error
	var all sync.WaitGroup
	begun := time.Now()
	deadline := begun.Add(s.time)
	for range s.connections {
		all.Go(func() {
			var err error
			done, requests := 0, 0
			for err == nil && time.Now().Before(deadline) {
				var n int
				if n, err = a.do(ctx); err == nil {
					done, requests = done+1, requests+n
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.done, total.requests = total.done+done, total.requests+requests
			if err != nil {
				failed = err
			}
		})
	}
	all.Wait()
	total.took = time.Since(begun)
	return total, failed
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// each is the processor time of one act, in microseconds.
func each(used time.Duration, r result) float64 {
	return float64(used.Microseconds()) / float64(max(r.done, 1))
}

// processor is the time that the process has used so far (Linux; else 0).
func processor(pid int) time.Duration {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data)[strings.LastIndexByte(string(data), ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // clock ticks of 1/100 s
}

// memory is what the process holds, in megabytes (Linux; else 0).
func (s settings) memory() int {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(s.pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb / 1024
		}
	}
	return 0
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
}
