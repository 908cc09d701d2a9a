package shelf

import (
	"runtime"
	"sync"
)

// gather lets those who come at the same moment be served together: while one
// group is served the next one gathers. Nobody waits for a neighbour to come.
type gather[T any] struct {
	most    int // in a group
	leaders int // groups served at once
	run     func([]T)

	mu      sync.Mutex
	queue   []T
	serving int
}

// add puts one into the queue. run must tell it when it is served.
func (g *gather[T]) add(one T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, one)
	if g.serving < g.leaders {
		g.serving++
		go g.serve()
	}
}

// pauses is how often a group lets others run before it sets out: whoever was
// answered by the last one may ask again, and few large groups cost less than many
// small ones. Where nobody else runs it takes a microsecond.
const pauses = 8

func (g *gather[T]) serve() {
	for {
		for range pauses {
			runtime.Gosched()
		}
		g.mu.Lock()
		if len(g.queue) == 0 {
			g.serving--
			g.mu.Unlock()
			return
		}
		n := min(len(g.queue), g.most)
		group := g.queue[:n:n]
		g.queue = g.queue[n:]
		g.mu.Unlock()
		g.run(group)
	}
}
