package identity

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// The handbook names every limit as it is, with its reason.
func TestTheHandbookNamesEveryLimit(t *testing.T) {
	handbook, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range throttle.Declared() {
		_, rule, _ := strings.Cut(l.String(), "=")
		if row := fmt.Sprintf("| `%s` | `%s` |", l.Kind, rule); !strings.Contains(string(handbook), row) {
			t.Errorf("docs/operate.md has no row %s", row)
		}
	}
}

func TestLifetimesStayWithinReason(t *testing.T) {
	l, err := lifetimesOf(map[string]string{"session_idle": "30m", "freeze_for": "168h"})
	if err != nil || l.sessionIdle != 30*time.Minute || l.freeze != 7*24*time.Hour || l.sessionLife != 0 {
		t.Error(l, err)
	}
	for name, value := range map[string]string{
		"session_idle": "0", "session_life": "-1h", "remembered_life": "10000h", "remembered_idle": "a week", "fresh_for": "2h", "freeze_for": "1m",
	} {
		if _, err := lifetimesOf(map[string]string{name: value}); err == nil {
			t.Errorf("%s = %s is taken", name, value)
		}
	}
}
