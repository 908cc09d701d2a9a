package region

import "testing"

func TestNineRegionsStandApart(t *testing.T) {
	if len(All) != 9 {
		t.Fatalf("%d regions", len(All))
	}
	places, codes := map[[2]int]bool{}, map[string]bool{}
	for _, r := range All {
		if places[[2]int{r.Column, r.Row}] || codes[r.Code] || len(r.Code) != 14 || r.Name.KY == "" || r.Name.RU == "" || r.Name.EN == "" {
			t.Errorf("%+v", r)
		}
		places[[2]int{r.Column, r.Row}], codes[r.Code] = true, true
		if !Within(r.Code[:5]+"205000000", r.Code) || Within("41799000000000", r.Code) || Within("41702", r.Code) {
			t.Errorf("what lies in %s", r.Code)
		}
	}
}
