package e2e_test

import "testing"

// The story with everything in one process on SQLite, as `make run` starts it.
func TestStoryInOneProcess(t *testing.T) {
	needE2E(t)
	w, p := oneProcess(t, "")
	s := story{world: w, t: t}
	s.whole()
	p.leaksNothing()
}
