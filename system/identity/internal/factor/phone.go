package factor

import (
	"net/mail"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/sanarip/sanarip/kit/fail"
)

// ParsePhone brings a Kyrgyz mobile number to the form +996XXXXXXXXX (ID-5),
// however it was typed: 0700 123 456, 996(700)123456, +996 700 12-34-56. What is
// wrong is a finding of the field "phone".
func ParsePhone(typed string) (string, error) {
	digits := 0
	for _, r := range typed {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune("+()-–. \u00a0", r):
			return "", finding("phone", "identity.phone.form")
		}
	}
	switch {
	case digits == 0:
		return "", finding("phone", "kit.field.required")
	case digits > 15:
		return "", finding("phone", "identity.phone.form")
	}
	number, err := phonenumbers.Parse(typed, "KG")
	if err != nil {
		return "", finding("phone", "identity.phone.form")
	}
	if number.GetCountryCode() != 996 {
		return "", finding("phone", "identity.phone.country")
	}
	e164 := phonenumbers.Format(number, phonenumbers.E164)
	if len(e164) != len("+996700123456") {
		return "", finding("phone", "identity.phone.form")
	}
	// Numbers of operators that the library does not know yet pass; a landline
	// that it knows takes no SMS.
	if phonenumbers.GetNumberType(number) == phonenumbers.FIXED_LINE {
		return "", finding("phone", "identity.phone.landline")
	}
	return e164, nil
}

// GroupPhone shows a number as ID-5 writes it: +996 700 123456.
func GroupPhone(phone string) string {
	if len(phone) != len("+996700123456") {
		return phone
	}
	return phone[:4] + " " + phone[4:7] + " " + phone[7:]
}

// ParseEmail checks an address (RFC 5322 addr-spec with a dotted host); its host
// is brought to small letters. What is wrong is a finding of the field "email".
func ParseEmail(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", finding("email", "kit.field.required")
	}
	address, err := mail.ParseAddress(typed)
	if err != nil || address.Address != typed || len(typed) > 254 || strings.ContainsAny(typed, " \"<>,;\r\n") {
		return "", finding("email", "identity.email.form")
	}
	at := strings.LastIndexByte(typed, '@')
	name, host := typed[:at], strings.ToLower(typed[at+1:])
	if !strings.Contains(host, ".") || strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") || strings.Contains(host, "[") {
		return "", finding("email", "identity.email.form")
	}
	return name + "@" + host, nil
}

// MaskPhone shows the end alone: +996 ••• •••123.
func MaskPhone(phone string) string {
	if len(phone) < 8 {
		return "•••"
	}
	return phone[:4] + " ••• •••" + phone[len(phone)-3:]
}

// MaskEmail shows the first letter and the host: a•••@example.kg.
func MaskEmail(address string) string {
	name, host, ok := strings.Cut(address, "@")
	if !ok || name == "" {
		return "•••"
	}
	return string([]rune(name)[:1]) + "•••@" + host
}

func finding(field, key string, pairs ...any) error {
	return fail.Fields(fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)})
}
