package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// The story with everything in one process on SQLite, as `make run` starts it.
func TestStoryInOneProcess(t *testing.T) {
	needE2E(t)
	w, p := oneProcess(t, "")
	s := story{world: w, t: t}
	s.whole()
	s.everyPage()
	p.leaksNothing()
}

// The same story with card, insurance, portal and the rest as four processes on
// one PostgreSQL.
func TestStoryInProcessesApart(t *testing.T) {
	needE2E(t)
	e := apart(t, dbtest.Postgres(t))
	for _, group := range groups {
		e.start(group[0])
	}
	s := story{world: e.world, t: t}
	s.whole()
	for _, p := range e.running {
		p.leaksNothing()
	}
}

// groups are the systems that share a process when they run apart.
var groups = [][]string{
	{"exchange", "identity", "population", "message", "signature", "payment", "workforce"},
	{"card"},
	{"insurance"},
	{"portal"},
}

// estate is systems in processes apart, each named by its first system.
type estate struct {
	world
	ports   map[string]int
	args    map[string][]string
	env     []string
	running map[string]*process
}

// apart prepares a process for each group; database "" is an SQLite folder each.
func apart(t *testing.T, database string) *estate {
	t.Helper()
	e := &estate{
		world: world{t: t, site: map[string]string{}}, ports: map[string]int{}, args: map[string][]string{}, running: map[string]*process{},
		env: []string{"SANARIP_SECRET=the-journey-only-secret-of-more-than-32-characters"},
	}
	for _, group := range groups {
		name := group[0]
		e.ports[name] = freePort(t)
		for _, system := range group {
			e.site[system] = fmt.Sprintf("http://%s.localhost:%d", hosts[system], e.ports[name])
			e.env = append(e.env, fmt.Sprintf("SANARIP_SITE_%s=%s", strings.ToUpper(system), e.site[system]))
		}
		e.args[name] = []string{"--demo", "--open=false", "--data", t.TempDir(), "--only", strings.Join(group, ",")}
		if database != "" {
			e.args[name] = append(e.args[name], "--database", database)
		}
	}
	e.site["start"] = fmt.Sprintf("http://localhost:%d", e.ports["exchange"])
	return e
}

// start starts the process, again if it was killed before.
func (e *estate) start(name string) {
	e.t.Helper()
	e.running[name] = launch(e.t, e.ports[name], e.env, e.args[name]...)
}
