package account_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// What guessers try first is refused, and the person is told what it is.
func TestCommonPasswordsAreRefused(t *testing.T) {
	for key, passwords := range map[string][]string{
		"identity.password.common": {
			"Password-1", "P@ssw0rd-1", "Password123!", "Bishkek-2024", "Kyrgyzstan_1", "Manas-Manas-1", "!!!Iloveyou111",
			"Admin-Admin-1", "Zvezda-1999!", "Asdf-Qwer-1234", "Welcome2026!", "M0nkey-dr4gon",
			// of the lists of leaked passwords, of names and of English words
			"Steelers*99", "We1come-2026", "Michelle-1990!", "Marseille-2019", "Wombat-2026!", "DrowssaP1!", "mArYjAnE-12", "Liverpool!Liverpool!1",
		},
		"identity.password.layout": {"Gfhjkm-2026", "Ghbdtn-123!", "Yfnfif_1985", "Rshusp_2026", "Cjkywt!2020", "Cfkfv_1999"},
		"identity.password.keys":   {"Qwerty-12345", "Nurbek_1234567", "1Qaz2wsx3edc-", "1Q2w3e4r5t-", "Zxcvbnm-123", "!QAZ2wsx3edc", "Zaq1@wsxcde3", "Poiuytrewq1!", "Mnbvcxz-0987"},
		"identity.password.repeat": {"Aaaaaaaa1-", "Abcdefgh1-", "Zyxwvuts_9", "Ab1-Ab1-Ab1-", strings.Repeat("Aa1-", 16)},
		"identity.password.date":   {"15.03.1985-Aa", "Ab_19850315"},
	} {
		for _, password := range passwords {
			if findings := account.Weaknesses("password", password); len(findings) != 1 || findings[0].Key != key {
				t.Errorf("%s: %v, not %s", password, findings, key)
			}
		}
	}
	for _, password := range []string{
		"Sanarip-2026", "Tuz-achuu-7-kepter", "x7Kq-92mPw", "Ak-kalpaktuu 5 muzoo bar!", strings.Repeat("Jaz-9 kelet ", 6), strings.Repeat("Aa1-", 20), "Zhurnal*58ocherk",
		"Correct-horse-1-battery", "Sezim-2026-jol", "Kerege-shyrdak_71", "q!V8_hZt2w", "Бир эки Zx-9 торпок",
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
