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
	p.leaksNothing()
}

// The same story with card, insurance, portal and the rest as four processes on
// one PostgreSQL, and a second card beside the first.
func TestStoryInProcessesApart(t *testing.T) {
	needE2E(t)
	w, processes := apart(t, dbtest.Postgres(t))
	s := story{world: w, t: t}
	s.whole()
	for _, p := range processes {
		p.leaksNothing()
	}
}

// groups are the systems that share a process when they run apart.
var groups = [][]string{
	{"exchange", "identity", "population", "message", "signature", "payment", "workforce"},
	{"card"}, {"insurance"}, {"portal"},
}

// apart starts each group in a process of its own; database "" is an SQLite
// folder each.
func apart(t *testing.T, database string) (world, map[string]*process) {
	t.Helper()
	w := world{t: t, site: map[string]string{}}
	ports := make([]int, len(groups))
	env := []string{"SANARIP_SECRET=the-journey-only-secret-of-more-than-32-characters"}
	for i, group := range groups {
		ports[i] = freePort(t)
		for _, system := range group {
			w.site[system] = fmt.Sprintf("http://%s.localhost:%d", hosts[system], ports[i])
		}
	}
	w.site["start"] = fmt.Sprintf("http://localhost:%d", ports[0])
	for system, address := range w.site {
		if system != "start" {
			env = append(env, fmt.Sprintf("SANARIP_SITE_%s=%s", strings.ToUpper(system), address))
		}
	}
	processes := map[string]*process{}
	for i, group := range groups {
		processes[group[0]] = launch(t, ports[i], env, groupArgs(t, group, database)...)
	}
	return w, processes
}

func groupArgs(t *testing.T, group []string, database string) []string {
	t.Helper()
	args := []string{"--demo", "--open=false", "--data", t.TempDir(), "--only", strings.Join(group, ",")}
	if database != "" {
		args = append(args, "--database", database)
	}
	return args
}
