package demo

import "testing"

// Two with one phone would be sent each other's codes.
func TestNobodyOfTheDemoHasWhatIsAnothers(t *testing.T) {
	owner := map[string]string{}
	for _, p := range People() {
		for _, has := range []string{p.PIN, p.Passport, p.Phone, p.Email} {
			if has == "" {
				continue
			}
			if other, taken := owner[has]; taken {
				t.Errorf("%s is of %s and of %s", has, other, p.Name())
			}
			owner[has] = p.Name()
		}
	}
}
