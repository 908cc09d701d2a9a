package organisation

import "testing"

// The numbers of FACTS.
func TestOKPOHasACheckDigit(t *testing.T) {
	for _, good := range []string{"00242766", "00040778", "33901014", "31348613", "0164667059", "0193366363", "95017405", "95020100", "90000104", "90000200"} {
		if !ValidOKPO(good) {
			t.Errorf("%s is refused", good)
		}
		last := good[len(good)-1]
		wrong := good[:len(good)-1] + string('0'+(last-'0'+1)%10)
		if ValidOKPO(wrong) {
			t.Errorf("%s is taken", wrong)
		}
	}
	for _, bad := range []string{"", "1", "0024276a", "002427660", "٠٠٢٤٢٧٦٦"} {
		if ValidOKPO(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestINNIsZeroAndTheDayOfRegistration(t *testing.T) {
	for s, want := range map[string]bool{
		"00109199810074": true, "01503199910201": true, "01301199710031": true, "01207201910056": true,
		"11503198500123": false, "09999199810074": false, "0010919981007": false, "": false, "00109179810074": false,
	} {
		if got := ValidINN(s); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
}
