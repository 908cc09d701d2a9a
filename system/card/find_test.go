package card

import (
	"net/http"
	"strings"
	"testing"
)

// What is searched for in a case history may tell of an illness: it stands in no
// address, and the address shows it to nobody but whoever searched.
func TestWordsOfASearchStandInNoAddress(t *testing.T) {
	h, _, doctor, stayPath := newHospital(t)
	status, to, body := doctor.fill(stayPath, stayPath+"/entries", "kind", "diary", "at", "2026-11-22T13:50", "body", "Исключён вирусный гепатит.")
	done(t, stayPath, status, to, body)
	status, to, body = doctor.post(stayPath+"/find", "words", "гепатит", "by", "me")
	done(t, stayPath+"?", status, to, body)
	if !strings.Contains(to, "find=") || !strings.Contains(to, "by=me") || strings.Contains(to, "%D0") || strings.Contains(to, "words=") {
		t.Fatalf("led to %s", to)
	}
	for range 2 { // loaded anew
		has(t, doctor.get(to), `value="гепатит"`, "вирусный")
	}
	if other := h.signIn(t, nursePIN).get(to); strings.Contains(other, `value="гепатит"`) || !strings.Contains(other, `name="words"`) {
		t.Error("another reader is shown what the doctor searched for, or no field to search in")
	}
	if status, to, _ := doctor.post(stayPath+"/find", "words", ""); status != http.StatusSeeOther || to != stayPath {
		t.Errorf("nothing searched for: %d to %s", status, to)
	}
}
