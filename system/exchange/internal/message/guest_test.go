package message

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// What names no guest, or names one of ours, stops the start.
func TestReadGuests(t *testing.T) {
	all, err := ReadGuests(" COM/70000099/clinic=http://127.0.0.1:9500/ ; NGO/70000098/lab=https://lab.example.kg/x;")
	clinic := exchangeapi.Subsystem{Instance: exchangeapi.Instance, Class: "COM", Member: "70000099", Code: "clinic"}
	if err != nil || len(all) != 2 || all[clinic] != "http://127.0.0.1:9500" {
		t.Fatalf("%v %v", all, err)
	}
	if none, err := ReadGuests(""); err != nil || len(none) != 0 {
		t.Error(none, err)
	}
	for _, bad := range []string{
		"clinic=http://127.0.0.1:9500", "COM/70000099/clinic", "COM/70000099/clinic=127.0.0.1:9500", "COM/70000099/clinic=ftp://x",
		"COM/../clinic=http://x", "COM/70000099/clinic=http://x;COM/70000099/clinic=http://y", "COM/70000099/clinic=http://user:secret@x",
		strings.TrimPrefix(exchangeapi.Card.String(), exchangeapi.Instance+"/") + "=http://x",
	} {
		if all, err := ReadGuests(bad); err == nil {
			t.Errorf("%s: %v", bad, all)
		}
	}
}
