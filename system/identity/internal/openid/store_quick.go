package openid

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// standing says of grants whether they were revoked. Those who ask while a
// question is under way are answered by the next one, all together: what each
// hears was read after it asked, in any process's writing.
type standing struct {
	db *db.DB

	mu   sync.Mutex
	busy bool
	next *round // who asked since the question under way began; nil for nobody
}

// round is one question for several.
type round struct {
	ids   []string
	turn  chan struct{} // closed when it may be asked
	done  chan struct{} // closed when it is answered
	found map[string]int64
	err   error
}

var errUnanswered = errors.New("openid: nobody looked whether the grant stands")

// Bounds of a question.
const (
	mostAsked   = 64
	longestRead = 10 * time.Second
)

// of gives when the grant was revoked, 0 for never; false when there is no such
// grant.
func (s *standing) of(ctx context.Context, grantID string) (revoked int64, found bool, err error) {
	r, leads := s.join(grantID)
	if leads {
		<-r.turn
		runtime.Gosched() // requests that have come already join; alone it costs nothing
		s.ask(ctx, r)
	} else {
		select {
		case <-r.done:
		case <-ctx.Done():
			return 0, false, ctx.Err()
		}
	}
	revoked, found = r.found[grantID]
	return revoked, found, r.err
}

// join adds the grant to the next question; who is the first in it asks it.
func (s *standing) join(grantID string) (r *round, leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil && len(s.next.ids) >= mostAsked && !slices.Contains(s.next.ids, grantID) {
		alone := &round{ids: []string{grantID}, turn: make(chan struct{}), done: make(chan struct{})}
		close(alone.turn)
		return alone, true
	}
	if leads = s.next == nil; leads {
		s.next = &round{turn: make(chan struct{}), done: make(chan struct{})}
		if !s.busy {
			s.busy = true
			close(s.next.turn)
		}
	}
	if !slices.Contains(s.next.ids, grantID) {
		s.next.ids = append(s.next.ids, grantID)
	}
	return s.next, leads
}

// ask asks for all in the round. Its leader's leaving does not leave the others
// without an answer.
func (s *standing) ask(ctx context.Context, r *round) {
	s.mu.Lock()
	mine := s.next == r
	if mine {
		s.next = nil // nobody joins any more
	}
	s.mu.Unlock()
	defer func() {
		close(r.done)
		if !mine {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.busy = s.next != nil; s.busy {
			close(s.next.turn)
		}
	}()
	ctx = context.WithoutCancel(ctx)
	if s.db.Dialect != db.SQLite { // which waits for nobody, and would watch over the time by a goroutine for each question
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, longestRead)
		defer cancel()
	}
	r.err = errUnanswered // unless it is
	r.found, r.err = s.read(ctx, r.ids)
}

func (s *standing) read(ctx context.Context, ids []string) (map[string]int64, error) {
	// As many places as a power of two: few different statements, which are kept.
	places, power := 1, 0
	for places < len(ids) {
		places, power = places*2, power+1
	}
	args := make([]any, places)
	for i := range args {
		args[i] = ids[min(i, len(ids)-1)]
	}
	found := make(map[string]int64, len(ids))
	for row, err := range db.Rows(ctx, s.db.Read, standingQueries[power], args...) {
		if err != nil {
			return nil, err
		}
		var grantID string
		var revoked int64
		if err := row.Scan(&grantID, &revoked); err != nil {
			return nil, err
		}
		found[grantID] = revoked
	}
	return found, nil
}

// standingQueries are the texts by the power of two.
var standingQueries = func() (texts [8]string) {
	for i := range texts {
		texts[i] = standingQuery(1 << i)
	}
	return texts
}()

func standingQuery(places int) string {
	var b strings.Builder
	b.WriteString(`SELECT id, revoked_at FROM permission WHERE id IN (`)
	for i := range places {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ")"
}

// stands says that the grant is there and was not revoked. A machine's is not
// written: only its revocation is.
func (g *grants) stands(ctx context.Context, grantID string) (bool, error) {
	revoked, found, err := g.standing.of(ctx, grantID)
	if err != nil {
		return false, err
	}
	if !found {
		_, ok := machine(grantID)
		return ok, nil
	}
	return revoked == 0, nil
}
