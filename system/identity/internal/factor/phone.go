package factor

import (
	"net/mail"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
)

// country is the code of Kyrgyzstan (ITU-T E.164); a subscriber's number has nine
// digits after it.
const (
	country    = "996"
	subscriber = 9
)

// The plan of numbering: an area begins with 3, a village's wireless set with 6.
// Both take no SMS. Two series of Bishkek's area were given to mobile operators.
var (
	landlines = []string{"3", "609", "612", "622", "623", "624"}
	leased    = []string{"31258", "312973"}
)

// ParsePhone brings a Kyrgyz mobile number to the form +996XXXXXXXXX (ID-5),
// however it was typed: 0700 123 456, 996(700)123456, +996 700 12-34-56. What is
// wrong is a finding of the field "phone". Only landlines are refused by their
// beginning: an operator of tomorrow passes.
func ParsePhone(typed string) (string, error) {
	digits, abroad, ok := digitsOf(typed)
	switch {
	case !ok:
		return "", finding("phone", "identity.phone.form")
	case digits == "":
		return "", finding("phone", "kit.field.required")
	}
	number, ours := strings.CutPrefix(digits, country)
	switch {
	case abroad && !ours:
		return "", finding("phone", "identity.phone.country")
	case !ours || len(number) != subscriber && !abroad: // 996 begins an operator's own numbers too
		number = strings.TrimPrefix(digits, "0")
	}
	if len(number) != subscriber || number[0] == '0' {
		return "", finding("phone", "identity.phone.form")
	}
	if begins(number, landlines) && !begins(number, leased) {
		return "", finding("phone", "identity.phone.landline")
	}
	return "+" + country + number, nil
}

// digitsOf are the digits of a number without what people write between them.
// Abroad says that it was typed with the sign of a country's code, + or 00.
func digitsOf(typed string) (digits string, abroad, ok bool) {
	var b strings.Builder
	for _, r := range typed {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0 && !abroad:
			abroad = true
		case !strings.ContainsRune("()-–. \u00a0", r):
			return "", false, false
		}
	}
	digits = b.String()
	if !abroad {
		digits, abroad = strings.CutPrefix(digits, "00")
	}
	return digits, abroad, len(digits) <= 15
}

func begins(number string, with []string) bool {
	return slices.ContainsFunc(with, func(prefix string) bool { return strings.HasPrefix(number, prefix) })
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
