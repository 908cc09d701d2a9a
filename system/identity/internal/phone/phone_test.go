package phone

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

func TestWeakPINs(t *testing.T) {
	birth := clock.DateOf(time.Date(1960, 9, 12, 12, 0, 0, 0, clock.Bishkek))
	a := account.Account{PIN: "21209196000217", Phone: "+996700100217", BirthDate: birth}
	for pin, key := range map[string]string{
		"": "identity.phone.pin_form", "123": "identity.phone.pin_form", "12345": "identity.phone.pin_form", "12a4": "identity.phone.pin_form", "٣٤٥٦": "identity.phone.pin_form",
		"0000": "identity.phone.pin_weak", "1234": "identity.phone.pin_weak", "7890": "identity.phone.pin_weak", "9876": "identity.phone.pin_weak",
		"1212": "identity.phone.pin_weak", "1960": "identity.phone.pin_weak", "1209": "identity.phone.pin_weak", "0912": "identity.phone.pin_weak", "0217": "identity.phone.pin_weak",
		"2580": "", "7294": "",
	} {
		if got := Weakness(pin, a); got != key {
			t.Errorf("%q: %q, not %q", pin, got, key)
		}
	}
}

func TestCodesAreTypedAsPeopleTypeThem(t *testing.T) {
	for range 1000 {
		c := code()
		if len(c) != 8 || normal(" "+c[:4]+" - "+c[4:]+"\n") != c {
			t.Fatal(c)
		}
	}
	if normal("k7mp-3xq9") != "K7MP3XQ9" || normal("<script>") != "SCRPT" {
		t.Error(normal("k7mp-3xq9"), normal("<script>"))
	}
}
