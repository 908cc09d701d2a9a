package throttle

import (
	"testing"
	"time"
)

func TestLimitsAreReadAsTheyAreWritten(t *testing.T) {
	for _, l := range Declared() {
		got, err := Parse(" " + l.String() + " ; ")
		if err != nil || got[l.Kind] != l {
			t.Errorf("%s: %v %v", l, got, err)
		}
	}
	for _, bad := range []string{
		"pasword=5/1h/30s/15m", "password", "password=", "password=5", "password=0/1h/30s/15m", "password=-1/1h/30s/15m", "password=5/1h/30s",
		"password=5/1h/30s/15m/1", "password=5/1/30s/15m", "password=5/1h/1h/15m", "password=5/0s/30s/15m", "password=5/10000h/30s/15m",
		"password=9999999999999999999/1h/30s/15m",
	} {
		if got, err := Parse(bad); err == nil {
			t.Errorf("%s is taken as %v", bad, got)
		}
	}
}

func TestALimitThatAnOperatorSetHolds(t *testing.T) {
	own, err := Parse("password=2/1h/1m/1m")
	if err != nil {
		t.Fatal(err)
	}
	throttle := &Throttle{Own: own}
	if l := throttle.of(Password); l.Free != 2 || l.Lock != time.Minute {
		t.Error(l)
	}
	if l := throttle.of(Factor); l != Factor {
		t.Error(l)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("password=5/1h/30s/15m;factor=1/1s/1s/1s")
	f.Fuzz(func(t *testing.T, text string) {
		limits, err := Parse(text)
		if err != nil {
			return
		}
		for kind, l := range limits {
			if l.Kind != kind || l.Free < 1 || l.Window <= 0 || l.lock(l.Free) <= 0 {
				t.Errorf("%q gives %v", text, l)
			}
		}
	})
}
