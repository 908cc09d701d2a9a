package othertest_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/othertest"
)

func TestAnotherTextIsAnotherHoweverItIsRead(t *testing.T) {
	read := strings.NewReplacer("o", "0", "i", "1", "l", "1")
	texts := []string{"0", "9", "482913", "222222", "AB2C3D4E5F6G", "XXXXXXXXXXXX", "http://portal.localhost:8080/verify/2026-0000001/23456789ABCD", "a.b.c-_--", id.New()}
	for range 1000 {
		texts = append(texts, id.Secret())
	}
	for _, text := range texts {
		other := othertest.Than(text)
		if len(other) != len(text) || read.Replace(strings.ToLower(other)) == read.Replace(strings.ToLower(text)) {
			t.Errorf("%q for %q", other, text)
		}
		if was, err := base64.RawURLEncoding.DecodeString(text); err == nil {
			if is, err := base64.RawURLEncoding.DecodeString(other); err != nil || string(is) == string(was) {
				t.Errorf("%q and %q are the same bytes, or none: %v", other, text, err)
			}
		}
	}
	for code := range 10 {
		digits := strings.Repeat(string(rune('0'+code)), 6)
		if other := othertest.Than(digits); other == digits || strings.Trim(other, "0123456789") != "" {
			t.Errorf("%q for %q", other, digits)
		}
	}
}
