package price

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// Every product of an amount and a factor within the bounds of a table is the
// exact one rounded half up to a tyiyn, and none leaves what an int64 holds.
func TestProductsAreExactHalvesUp(t *testing.T) {
	t.Parallel()
	exact := func(amount, factor int64) int64 {
		twice := new(big.Int).Mul(big.NewInt(amount), big.NewInt(2*factor))
		twice.Add(twice, big.NewInt(one))
		return twice.Div(twice, big.NewInt(2*one)).Int64()
	}
	check := func(amount, factor int64) {
		t.Helper()
		if got, want := times(amount, factor), exact(amount, factor); got != want || got < 0 {
			t.Errorf("%d × %s = %d, want %d", amount, Decimal(factor), got, want)
		}
	}
	for _, amount := range []int64{0, 1, 2, 4_999, 5_000, 5_001, 9_999, one, most} {
		for _, factor := range []int64{1, 4_999, 5_000, 5_001, 9_999, one, one + 1, mostFactor} {
			check(amount, factor)
		}
	}
	for range 20_000 {
		check(rand.Int64N(most+1), 1+rand.Int64N(mostFactor))
	}
	check(1_000_000_000, 1_000_000) // the dearest base rate and the heaviest group
}
