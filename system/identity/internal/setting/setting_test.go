package setting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

var (
	tea   = setting.Time("test_tea", 90*time.Second, time.Minute, 3*time.Minute, "how long tea draws", "it turns bitter")
	cups  = setting.Number("test_cups", 2, 1, 5, "cups", "guests come")
	whole = setting.Time("test_day", 24*time.Hour, time.Hour, 48*time.Hour, "a day", "it is one")
)

func TestASettingIsAsItWasSetOrAsTheProgramHasIt(t *testing.T) {
	var none setting.Values
	if none.Time(tea) != 90*time.Second || none.Number(cups) != 2 {
		t.Error(none.Time(tea), none.Number(cups))
	}
	values, err := setting.Read(map[string]string{"test_tea": " 2m ", "test_cups": "5", "unknown": "x"})
	if err != nil || values.Time(tea) != 2*time.Minute || values.Number(cups) != 5 || values.Time(whole) != 24*time.Hour {
		t.Error(values, err)
	}
}

func TestASettingOutOfBoundsIsRefusedByItsName(t *testing.T) {
	for name, bad := range map[string][]string{
		"test_tea": {"59s", "3m1s", "-2m", "0", "2", "two minutes", "9999999999h"}, "test_cups": {"0", "6", "-1", "2m", "1.5", "99999999999999999999"},
	} {
		for _, value := range bad {
			_, err := setting.Read(map[string]string{name: value})
			if err == nil || !strings.Contains(err.Error(), "identity_"+name) {
				t.Errorf("%s = %s: %v", name, value, err)
			}
		}
	}
	_, err := setting.Read(map[string]string{"test_tea": "1s", "test_cups": "100"})
	if err == nil || !strings.Contains(err.Error(), "test_tea") || !strings.Contains(err.Error(), "test_cups") || !strings.Contains(err.Error(), "1m to 3m") {
		t.Errorf("both are named with their bounds: %v", err)
	}
}

var (
	sip      = setting.Time("test_sip", time.Minute, time.Second, time.Hour, "a sip", "hot")
	_        = setting.Within(sip, tea)
	together = map[string]bool{"1m": true, "90s": true, "91s": false}
)

func TestWhatDoesNotGoTogetherIsRefused(t *testing.T) {
	for value, want := range together {
		_, err := setting.Read(map[string]string{"test_sip": value})
		if (err == nil) != want || err != nil && (!strings.Contains(err.Error(), "identity_test_sip") || !strings.Contains(err.Error(), "identity_test_tea (1m30s)")) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestDefaultsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, s := range setting.Declared() {
		if _, err := setting.Read(map[string]string{s.Name: s.Default()}); err != nil {
			t.Error(err)
		}
	}
	if tea.Default() != "1m30s" || whole.Default() != "24h" || cups.Doc() != "cups, 1 to 5: guests come" {
		t.Error(tea.Default(), whole.Default(), cups.Doc())
	}
}
