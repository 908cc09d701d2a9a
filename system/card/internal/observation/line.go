package observation

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/sanarip/sanarip/kit/fail"
)

// Parse reads a line as a nurse writes it: «36,6 76 120/80 16 98». The order is
// that of the sheet; a dash skips a value; a number with a comma or between 34
// and 43 at the beginning is the temperature, a pair with a slash the pressure.
// A value may be named instead, in any order: «т37,2 п88 ад130/85 чд18 с96».
// The finding is for the field "line".
func Parse(line string) (Vitals, []fail.Finding) {
	var v Vitals
	place := 0 // 0 temperature, 1 pulse, 2 pressure, 3 respiration, 4 saturation
	for word := range strings.FieldsSeq(strings.ToLower(line)) {
		name, value := split(word)
		if value == "" && name == "" {
			place++ // a dash
			continue
		}
		at, ok := places[name]
		switch {
		case name != "" && !ok:
			return v, wrong(word)
		case name != "":
		case strings.Contains(value, "/"):
			at = 2
		case place == 0 && !temperature(value):
			at = 1
		case place == 2: // the pressure was left out
			at = 3
		default:
			at = place
		}
		if at > 4 || !v.set(at, value) {
			return v, wrong(word)
		}
		place = at + 1
	}
	return v, nil
}

func wrong(word string) []fail.Finding {
	return []fail.Finding{{Field: "line", Key: "card.vitals.not_read", Args: fail.Args("Word", word)}}
}

// places of the values by the words and letters that name them.
var places = map[string]int{
	"т": 0, "t": 0, "темп": 0, "п": 1, "p": 1, "пульс": 1, "чсс": 1, "hr": 1, "тк": 1, "ад": 2, "bp": 2, "кб": 2,
	"чд": 3, "чдд": 3, "дс": 3, "rr": 3, "с": 4, "c": 4, "s": 4, "сат": 4, "spo2": 4, "spo": 4,
}

// split parts «ад120/80» into its name and its value; a dash has neither.
func split(word string) (name, value string) {
	word = strings.Trim(word, ";,.:=°%")
	if word == "-" || word == "—" || word == "–" {
		return "", ""
	}
	if rest, ok := strings.CutPrefix(word, "spo2"); ok {
		return "spo2", strings.Trim(rest, ":=")
	}
	i := strings.IndexFunc(word, unicode.IsDigit)
	if i < 0 {
		return word, ""
	}
	return strings.Trim(word[:i], ":=.-"), word[i:]
}

// temperature says that an unnamed first number is one.
func temperature(value string) bool {
	if strings.ContainsAny(value, ",.") {
		return true
	}
	n, err := strconv.Atoi(value)
	return err == nil && n >= 34 && n <= 43
}

func (v *Vitals) set(place int, value string) bool {
	if place == 0 {
		whole, tenth, _ := strings.Cut(strings.ReplaceAll(value, ",", "."), ".")
		n, err := strconv.Atoi(whole)
		if err != nil || len(tenth) > 1 || n > 99 {
			return false
		}
		v.Temperature = n * 10
		if tenth != "" {
			if tenth[0] < '0' || tenth[0] > '9' {
				return false
			}
			v.Temperature += int(tenth[0] - '0')
		}
		return true
	}
	if place == 2 {
		high, low, ok := strings.Cut(value, "/")
		systolic, err1 := strconv.Atoi(high)
		diastolic, err2 := strconv.Atoi(low)
		v.Systolic, v.Diastolic = systolic, diastolic
		return ok && err1 == nil && err2 == nil && systolic > 0 && diastolic > 0 && systolic < 1000
	}
	n, err := strconv.Atoi(value)
	if err != nil || n <= 0 || n > 999 {
		return false
	}
	switch place {
	case 1:
		v.Pulse = n
	case 3:
		v.Respiration = n
	case 4:
		v.Saturation = n
	}
	return true
}

// Line writes the values as Parse reads them.
func (v Vitals) Line() string {
	var parts []string
	put := func(n int, text string) {
		if n == 0 {
			text = "-"
		}
		parts = append(parts, text)
	}
	put(v.Temperature, Degrees(v.Temperature))
	put(v.Pulse, strconv.Itoa(v.Pulse))
	put(v.Systolic, v.Pressure())
	put(v.Respiration, strconv.Itoa(v.Respiration))
	put(v.Saturation, strconv.Itoa(v.Saturation))
	for i, name := range []string{"т", "п", "ад", "чд", "с"} {
		if parts[i] != "-" {
			parts[i] = name + parts[i]
		}
	}
	return strings.Join(parts, " ")
}

// Degrees writes tenths of a degree: «36,6»; "" for none.
func Degrees(tenths int) string {
	if tenths == 0 {
		return ""
	}
	return fmt.Sprintf("%d,%d", tenths/10, tenths%10)
}

// Pressure is «120/80»; "" for none.
func (v Vitals) Pressure() string {
	if v.Systolic == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", v.Systolic, v.Diastolic)
}
