package account_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

func TestCommonPasswordsAreRefused(t *testing.T) {
	for _, password := range []string{
		"Password-1", "P@ssw0rd-1", "Password123!", "Qwerty-12345", "Qwertyuiop-1", "1Qaz2wsx3edc-", "Abcdefgh1-", "Bishkek-2024", "Kyrgyzstan_1", "Manas-Manas-1",
		"!!!Iloveyou111", "Aaaaaaaa1-", "1Q2w3e4r5t-", "Zxcvbnm-123", "Admin-Admin-1", "Nurbek_1234567", "Zvezda-1999!", "Asdf-Qwer-1234", "Welcome2026!", "M0nkey-dr4gon",
	} {
		if findings := account.Weaknesses("password", password); len(findings) != 1 || findings[0].Key != "identity.password.common" {
			t.Errorf("%s: %v", password, findings)
		}
	}
	for _, password := range []string{
		"Sanarip-2026", "Tuz-achuu-7-kepter", "x7Kq-92mPw", "Ak-kalpaktuu 5 muzoo bar!", strings.Repeat("Jaz-9 kelet ", 6), strings.Repeat("Aa1-", 20), "Zhurnal*58ocherk",
	} {
		if findings := account.Weaknesses("password", password); len(findings) != 0 {
			t.Errorf("%s: %v", password, findings)
		}
	}
}

func TestLongPasswordsAreTaken(t *testing.T) { // at least 64 characters
	for _, n := range []int{64, 100, 250} {
		password := strings.Repeat("Kөl-7 tүz ", 30)
		password = string([]rune(password)[:n/2]) + strings.Repeat("x9Kq-m", n)[:n-n/2]
		if len(password) > 256 {
			continue
		}
		if findings := account.Weaknesses("password", password); len(findings) != 0 {
			t.Errorf("%d: %v", n, findings)
		}
	}
}

func TestPersonalWordsAreRefused(t *testing.T) {
	born, _ := clock.ParseDate("1985-03-15")
	a := account.Account{
		PIN: "11503198500012", FamilyName: "Асанова", GivenName: "Айгүл", Patronymic: "Маратовна", BirthDate: born, Email: "tulpar.x@example.kg", Phone: "+996700123456",
	}
	for _, password := range []string{
		"Asanova-x7Kq", "x7Kq-aSaNoVa", "As4n0va-x7Kq", "Aigul-x7Kqm", "Maratovna-x7", "АсановаKx7-q", "Kxq-11503198500012", "Kxqw-15031985", "Kxqw-15.03.1985", "Kxqwe-1985-03-15",
		"Kxqw-150385", "Tulpar.x-7Kqm", "Kxqwm-123456", "Kxqwm-12-34-56",
	} {
		if !account.Personal(password, a) {
			t.Errorf("%s was taken", password)
		}
	}
	for _, password := range []string{"Sanarip-2026", "x7Kq-92mPw", "Tuz-achuu-7-kepter", "Kxqw-1985-zm"} {
		if account.Personal(password, a) {
			t.Errorf("%s was refused", password)
		}
	}
}
