package identity

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
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

// The handbook has every setting with its bounds and reason, and says nothing of
// the kind that is not one.
func TestTheHandbookNamesEverySetting(t *testing.T) {
	handbook, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range Settings() {
		if what, why, ok := strings.Cut(key.Doc, ": "); !ok || len(why) < 5 || !strings.Contains(what, " to ") {
			t.Errorf("%s has no reason or no bounds: %s", key.Name, key.Doc)
		}
		if row := fmt.Sprintf("| `identity_%s` | `%s` | %s |", key.Name, key.Default, key.Doc); !strings.Contains(string(handbook), row) {
			t.Errorf("docs/operate.md has no row %s", row)
		}
	}
}

// What a standard or a document bounds cannot be configured away.
func TestWhatADocumentBoundsStaysWithinIt(t *testing.T) {
	for name, bad := range map[string][]string{
		"authorization_code_life": {"61s", "2m", "0"}, // FAPI 2.0, 5.3.2.1
		"code_life":               {"3m1s", "5m"},     // S0: three minutes
		"request_uri_life":        {"4s", "10m"},      // RFC 9126, 2.2; FAPI 2.0, 5.3.2.2
		"clock_leeway":            {"9s", "61s"},      // FAPI 2.0, 5.3.2.1
		"logout_token_life":       {"3m"},             // Back-Channel Logout, 4
		"key_overlap":             {"1h", "2161h"},    // longer than a token, shorter than a key
		"refresh_idle":            {"30m", "2161h"},   //
		"session_idle":            {"0", "13h"},       // not longer than the session
		"session_life":            {"-1h", "1h"},      // not shorter than idle
		"remembered_life":         {"10000h"},
		"remembered_idle":         {"a week"},
		"fresh_for":               {"2h"},
		"freeze_for":              {"1m"},
	} {
		for _, value := range bad {
			_, err := setting.Read(map[string]string{name: value})
			if err == nil || !strings.Contains(err.Error(), "identity_"+name) {
				t.Errorf("%s = %s: %v", name, value, err)
			}
		}
	}
}

// Pages say the times that hold.
func TestPagesSayTheTimesThatAreSet(t *testing.T) {
	values, err := setting.Read(map[string]string{"code_life": "2m", "freeze_for": "48h"})
	if err != nil {
		t.Fatal(err)
	}
	words := text.MustLoad(texts)
	words.Always = said(values)
	if s := words.Say(text.RU, "identity.code.body", map[string]any{"Code": "123456"}); !strings.Contains(s, "123456") || !strings.Contains(s, "2 мин") {
		t.Error(s)
	}
	for _, key := range words.Keys() {
		for _, lang := range text.Langs {
			if s := words.Say(lang, key, nil); strings.Contains(s, "Minutes}}") || strings.Contains(s, "["+key+"]") {
				t.Errorf("%s: %s", key, s)
			}
		}
	}
}
