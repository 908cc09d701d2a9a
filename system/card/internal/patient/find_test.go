package patient

import (
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
)

func TestAsk(t *testing.T) {
	for typed, want := range map[string]question{
		"21209196000217":     {pin: "21209196000217"},
		" 2 12091960 00217 ": {pin: "2 12091960 00217"},
		"2120":               {pin: "2120"},
		"Жумабеков":          {name: "жумабеков"},
		"ЖУМАБЕКОВ Эрмек 12.09.1960": {name: "жумабеков эрмек", born: clock.Date{Year: 1960, Month: 9, Day: 12}},
		"Фёдорова, 1.2.1990":         {name: "федорова", born: clock.Date{Year: 1990, Month: 2, Day: 1}},
		"Өкүл 1999-07-14":            {name: "өкүл", born: clock.Date{Year: 1999, Month: 7, Day: 14}},
		"12.09.1960":                 {born: clock.Date{Year: 1960, Month: 9, Day: 12}},
		"99.99.1960 Ким":             {name: "ким"},
		"":                           {},
	} {
		if got := ask(typed); got != want {
			t.Errorf("%q: %+v, not %+v", typed, got, want)
		}
	}
}

func TestDisagreements(t *testing.T) {
	p := Patient{PIN: "21209196000217", Sex: Male, BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12}}
	if got := p.Disagreements(); len(got) != 0 {
		t.Error(got)
	}
	p.Sex, p.BirthDate.Day = Female, 13
	if got := p.Disagreements(); len(got) != 2 {
		t.Error(got)
	}
}
