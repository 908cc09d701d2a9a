package account

import (
	"math"
	"strconv"
	"strings"
)

type key struct{ x, y int }

// keyAt is where the keys are: each has neighbours to the left and right, two
// above and two below.
var keyAt = func() map[rune]key {
	keys := map[rune]key{}
	for y, row := range []string{"`1234567890-=", " qwertyuiop[]\\", " asdfghjkl;'", " zxcvbnm,./"} {
		for x, r := range row {
			keys[r] = key{x, y}
		}
	}
	shifted, plain := []rune("~!@#$%^&*()_+{}|:\"<>?"), []rune("`1234567890-=[]\\;',./")
	for i, r := range shifted {
		keys[r] = keys[plain[i]]
	}
	for i, r := range []rune(cyrillicKeys) {
		keys[r] = keys[[]rune(latinKeys)[i]]
	}
	delete(keys, ' ')
	return keys
}()

// walkBits is a way over the keys from neighbour to neighbour: its start, its
// length and its turns.
func walkBits(lower string) (float64, bool) {
	var last, direction key
	n, turns := 0, 0
	for _, r := range lower {
		at, ok := keyAt[r]
		if !ok {
			return 0, false
		}
		if n > 0 {
			step := key{at.x - last.x, at.y - last.y}
			switch step {
			case key{-1, 0}, key{1, 0}, key{0, -1}, key{1, -1}, key{0, 1}, key{-1, 1}:
			default:
				return 0, false
			}
			if step != direction {
				turns, direction = turns+1, step
			}
		}
		last = at
		n++
	}
	const keys, neighbours = 47, 4.6 // of a keyboard: signs, and keys beside one on average
	ways := 0.0
	for i := 2; i <= n; i++ {
		for j := 1; j <= min(turns, i-1); j++ {
			ways += choose(i-1, j-1) * keys * math.Pow(neighbours, float64(j))
		}
	}
	return math.Log2(ways), n >= 3
}

// sequenceBits is letters or digits in their order, up or down.
func sequenceBits(lower []rune) (float64, bool) {
	step := lower[1] - lower[0]
	if step != 1 && step != -1 {
		return 0, false
	}
	for i := 1; i < len(lower); i++ {
		if lower[i]-lower[i-1] != step {
			return 0, false
		}
	}
	starts := 26.0
	switch {
	case strings.ContainsRune("az019ая", lower[0]):
		starts = 4
	case lower[0] >= '0' && lower[0] <= '9':
		starts = 10
	}
	if step < 0 {
		starts *= 2
	}
	return math.Log2(starts * float64(len(lower))), true
}

// dateBits is a year, or a day written with or without signs between.
func dateBits(s string) (float64, bool) {
	if len(s) < 4 || len(s) > 10 {
		return 0, false
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-./_ ", r) {
			return -1
		}
		return r
	}, s)
	signs := len(s) - len(digits)
	if signs != 0 && signs != 2 {
		return 0, false
	}
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	number := func(from, to int) int { n, _ := strconv.Atoi(digits[from:to]); return n }
	year := func(y int) bool { return y >= 1900 && y < 2050 }
	day := func(d, m int) bool { return d >= 1 && d <= 31 && m >= 1 && m <= 12 }
	const years = 150 // that people's dates are from
	switch len(digits) {
	case 4:
		return math.Log2(years), signs == 0 && year(number(0, 4))
	case 6:
		return math.Log2(365 * 100 * float64(1+signs)), day(number(0, 2), number(2, 4)) || day(number(4, 6), number(2, 4))
	case 8:
		return math.Log2(365 * years * float64(1+signs)), year(number(4, 8)) && (day(number(0, 2), number(2, 4)) || day(number(2, 4), number(0, 2))) ||
			year(number(0, 4)) && day(number(6, 8), number(4, 6))
	}
	return 0, false
}
