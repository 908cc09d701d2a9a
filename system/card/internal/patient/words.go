package patient

import (
	"context"

	"github.com/sanarip/sanarip/kit/text"
)

// Social statuses as the title page of 003/у and form 066/у ask for them.
var Social = []string{"", "works", "unemployed", "pupil", "student", "preschool", "pensioner", "disabled", "military", "farmer", "other"}

// SocialWord is a social status in the reader's language, "" for none.
func SocialWord(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return text.T(ctx, "card.social."+code) // text: card.social.*
}

// BloodGroups and Rhesus are what a title page may say.
var (
	BloodGroups = []string{"", "0", "A", "B", "AB"}
	Rhesus      = []string{"", "+", "-"}
)

var roman = map[string]string{"0": "0(I)", "A": "A(II)", "B": "B(III)", "AB": "AB(IV)"}

// BloodWord is a group as it is written in every language: «A(II) Rh+».
func BloodWord(group, rhesus string) string {
	if rhesus != "" {
		rhesus = "Rh" + rhesus
	}
	return text.Joined(roman[group], rhesus)
}
