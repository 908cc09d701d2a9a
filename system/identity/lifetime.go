package identity

import (
	"fmt"
	"time"
)

// lifetimes are how long things live that an operator may set otherwise; what is
// 0 is as the program's own constants say. What a law sets (the three minutes of
// a one-time code) is not among them.
type lifetimes struct {
	sessionLife, sessionIdle, rememberedLife, rememberedIdle time.Duration
	fresh, freeze                                            time.Duration
}

// lifetimesOf reads them from the settings of the system.
func lifetimesOf(settings map[string]string) (lifetimes, error) {
	var l lifetimes
	for _, each := range []struct {
		name        string
		to          *time.Duration
		least, most time.Duration
	}{
		{"session_life", &l.sessionLife, 5 * time.Minute, 30 * 24 * time.Hour},
		{"session_idle", &l.sessionIdle, time.Minute, 24 * time.Hour},
		{"remembered_life", &l.rememberedLife, time.Hour, 180 * 24 * time.Hour},
		{"remembered_idle", &l.rememberedIdle, time.Hour, 90 * 24 * time.Hour},
		{"fresh_for", &l.fresh, time.Minute, time.Hour},
		{"freeze_for", &l.freeze, time.Hour, 30 * 24 * time.Hour},
	} {
		text := settings[each.name]
		if text == "" {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < each.least || d > each.most {
			return lifetimes{}, fmt.Errorf("identity_%s: %q is no time from %s to %s", each.name, text, each.least, each.most)
		}
		*each.to = d
	}
	return l, nil
}
