package order

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

// mostHours bounds how often a day an order can be due.
const mostHours = 24

// Hours reads the hours of a day, "8 14:30 20", in order and without doubles;
// ok is false when something in it is no hour.
func Hours(words string) (hours []string, ok bool) {
	for word := range strings.FieldsFuncSeq(words, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' || r == '\t' }) {
		hour, minute, _ := strings.Cut(strings.ReplaceAll(word, ".", ":"), ":")
		h, err := strconv.Atoi(hour)
		m := 0
		if err == nil && minute != "" {
			m, err = strconv.Atoi(minute)
		}
		if err != nil || h < 0 || h > 23 || m < 0 || m > 59 {
			return nil, false
		}
		if written := fmt.Sprintf("%02d:%02d", h, m); !slices.Contains(hours, written) {
			hours = append(hours, written)
		}
	}
	slices.Sort(hours)
	return hours, len(hours) <= mostHours
}

// rounds are the hours at which a ward gives what is ordered so many times a day.
var rounds = map[int][]string{
	1: {"08:00"}, 2: {"08:00", "20:00"}, 3: {"08:00", "14:00", "20:00"}, 4: {"06:00", "12:00", "18:00", "22:00"},
	6: {"02:00", "06:00", "10:00", "14:00", "18:00", "22:00"},
}

var (
	timesADay  = regexp.MustCompile(`^\s*(?:күнүнө\s+)?(\d)\s*(?:р/д|р\.?\s*/?\s*д|раза?\s+в\s+(?:день|сутки)|жолу|маал|times?\s+a\s+day|x|х)`)
	everyHours = regexp.MustCompile(`^\s*(?:каждые|ар|every)\s+(\d{1,2})\s*(?:ч|саат|hours?)`)
)

// HoursOf is the hours that "3 раза в день", "күнүнө 3 жолу" or "каждые 6 часов"
// mean; nil when the words say none ("при болях").
func HoursOf(times string) []string {
	times = strings.ToLower(times)
	if m := timesADay.FindStringSubmatch(times); m != nil {
		n, err := strconv.Atoi(m[1])
		if err == nil {
			return rounds[n]
		}
	}
	if m := everyHours.FindStringSubmatch(times); m != nil {
		step, err := strconv.Atoi(m[1])
		if err == nil && step > 0 && 24%step == 0 {
			var hours []string
			for h := 8 % step; h < 24; h += step {
				hours = append(hours, fmt.Sprintf("%02d:00", h))
			}
			return hours
		}
	}
	return nil
}

// DueAt says that the order is due at just this moment.
func (o Order) DueAt(at time.Time) bool {
	day := clock.DateOf(at)
	return slices.ContainsFunc(o.DueOn(day), at.Equal)
}

// DueOn are the moments of the day at which the order is due: from its
// beginning to its last day or its end.
func (o Order) DueOn(day clock.Date) []time.Time {
	if !o.LastDay.IsZero() && o.LastDay.Before(day) {
		return nil
	}
	var due []time.Time
	for _, hour := range o.Hours {
		h, m, _ := strings.Cut(hour, ":")
		hours, err1 := strconv.Atoi(h)
		minutes, err2 := strconv.Atoi(m)
		if err1 != nil || err2 != nil {
			continue
		}
		at := day.Start().Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
		if at.Before(o.From.Truncate(time.Minute)) || !o.EndedAt.IsZero() && at.After(o.EndedAt) {
			continue
		}
		due = append(due, at)
	}
	return due
}

// Dose is an hour at which an order is due, and the mark once there is one.
type Dose struct {
	Order Order
	Due   time.Time
	Mark  *Mark
}

// Late says that nobody has marked the dose an hour after it was due.
func (d Dose) Late(now time.Time) bool { return d.Mark == nil && now.Sub(d.Due) > time.Hour }

// Doses of the day by the hour.
func Doses(orders []Order, day clock.Date) []Dose {
	var all []Dose
	for _, o := range orders {
		for _, at := range o.DueOn(day) {
			dose := Dose{Order: o, Due: at}
			for i := range o.Marks {
				if o.Marks[i].Due.Equal(at) {
					dose.Mark = &o.Marks[i]
				}
			}
			all = append(all, dose)
		}
	}
	slices.SortStableFunc(all, func(a, b Dose) int { return a.Due.Compare(b.Due) })
	return all
}
