package factor_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
)

func keyOf(err error) string {
	if err == nil {
		return ""
	}
	if findings := fail.As(err).Findings; len(findings) > 0 {
		return findings[0].Field + " " + findings[0].Key
	}
	return err.Error()
}

func TestPhonesComeToOneForm(t *testing.T) { // ID-5
	for typed, want := range map[string]string{
		"+996700123456": "+996700123456", "+996 700 123456": "+996700123456", "0700 123 456": "+996700123456",
		"996(700)12-34-56": "+996700123456", "700123456": "+996700123456", "+996 555 12 34 56": "+996555123456",
		"00996700123456": "+996700123456",
	} {
		if got, err := factor.ParsePhone(typed); got != want || err != nil {
			t.Errorf("%q: %q %v", typed, got, err)
		}
	}
	for typed, want := range map[string]string{
		"": "phone kit.field.required", "  ": "phone kit.field.required", "abc": "phone identity.phone.form",
		"+996 700 12345": "phone identity.phone.form", "+996 700 1234567": "phone identity.phone.form",
		"+7 701 123 45 67": "phone identity.phone.country", "+996 312 66 12 34": "phone identity.phone.landline",
		"0700123456;ext=1": "phone identity.phone.form", "11111111111111111111": "phone identity.phone.form", "1-800-FLOWERS": "phone identity.phone.form",
	} {
		if got, err := factor.ParsePhone(typed); got != "" || keyOf(err) != want {
			t.Errorf("%q: %q %s, want %s", typed, got, keyOf(err), want)
		}
	}
	for _, p := range demo.People() {
		if p.Phone == "" {
			continue
		}
		if got, err := factor.ParsePhone(p.Phone); got != p.Phone || err != nil {
			t.Errorf("%s: %q %v", p.Phone, got, err)
		}
	}
}

// What the world's tables of numbers say of ours: a landline that they know is
// refused, a mobile number that they know passes, however it is written.
func TestPhonesAreThoseOfTheWorldsTables(t *testing.T) { // ID-5
	t.Parallel()
	var beginnings []string
	for n := range 1000 {
		three := fmt.Sprintf("%03d", n)
		switch {
		case three == "312": // Bishkek, part of which is leased
			for rest := range 1000 {
				beginnings = append(beginnings, fmt.Sprintf("312%03d", rest))
			}
		case n/100 == 3 || n/100 == 6: // areas
			for digit := range 10 {
				beginnings = append(beginnings, three+strconv.Itoa(digit))
			}
		default:
			beginnings = append(beginnings, three)
		}
	}
	seen := map[phonenumbers.PhoneNumberType]int{}
	for i, beginning := range beginnings {
		national := (beginning + fmt.Sprintf("%06d", (i*7919+13)%1_000_000))[:9]
		number, err := phonenumbers.Parse("+996"+national, "KG")
		if err != nil {
			t.Fatal(err)
		}
		kind := phonenumbers.GetNumberType(number)
		seen[kind]++
		want, finding := "+996"+national, ""
		switch kind {
		case phonenumbers.FIXED_LINE:
			want, finding = "", "phone identity.phone.landline"
		case phonenumbers.MOBILE:
		default:
			continue // the tables do not know it
		}
		for _, typed := range []string{"+996" + national, "996" + national, "00996" + national, "0" + national, national} {
			if got, err := factor.ParsePhone(typed); got != want || keyOf(err) != finding {
				t.Fatalf("%s is %v: %q %s", typed, kind, got, keyOf(err))
			}
		}
	}
	if seen[phonenumbers.FIXED_LINE] == 0 || seen[phonenumbers.MOBILE] == 0 {
		t.Fatalf("the tables know nothing: %v", seen)
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, typed := range []string{"+996700123456", "0700 123 456", "00996 700", "+", "996996123456", "٠٧٠٠"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := factor.ParsePhone(typed)
		if err != nil {
			return
		}
		if len(got) != len("+996700123456") || !strings.HasPrefix(got, "+996") {
			t.Fatalf("%q became %q", typed, got)
		}
		if again, err := factor.ParsePhone(got); again != got || err != nil {
			t.Fatalf("%q became %q, and that %q %v", typed, got, again, err)
		}
	})
}

func TestEmailsAreChecked(t *testing.T) {
	for typed, want := range map[string]string{"a@example.kg": "a@example.kg", " Aigul.B@Example.KG ": "Aigul.B@example.kg"} {
		if got, err := factor.ParseEmail(typed); got != want || err != nil {
			t.Errorf("%q: %q %v", typed, got, err)
		}
	}
	for _, typed := range []string{"a", "a@", "@b.kg", "a@b", "a b@c.kg", "Name <a@b.kg>", "a@b.kg, c@d.kg", "a@[127.0.0.1]", "a@.kg", "a@b.kg\r\nBcc: x@y.kg", "a@b..kg"} {
		if got, err := factor.ParseEmail(typed); got != "" || keyOf(err) != "email identity.email.form" {
			t.Errorf("%q: %q %s", typed, got, keyOf(err))
		}
	}
}
