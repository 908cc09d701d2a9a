package newborn

import (
	"context"
	"strconv"

	"github.com/sanarip/sanarip/kit/text"
)

// Called is the child's name, or the place among those born.
func (c Child) Called(ctx context.Context) string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Plurality > 1:
		return text.T(ctx, "card.newborn.number_of", "Order", c.Order, "Count", c.Plurality)
	}
	return text.T(ctx, "card.newborn.unnamed")
}

// Scores are those of Apgar: «8/9», a dash for one that nobody took.
func (c Child) Scores() string {
	first, fifth := Score(c.Apgar1), Score(c.Apgar5)
	if first == "" && fifth == "" {
		return ""
	}
	if first == "" {
		first = "–"
	}
	if fifth == "" {
		fifth = "–"
	}
	return first + "/" + fifth
}

// Together is «один», «1-й из 2».
func (c Child) Together(ctx context.Context) string {
	if c.Plurality < 2 {
		return text.T(ctx, "card.newborn.single")
	}
	return text.T(ctx, "card.newborn.number_of", "Order", strconv.Itoa(c.Order), "Count", strconv.Itoa(c.Plurality))
}

// LiveWord says whether the child was born alive.
func LiveWord(ctx context.Context, live bool) string {
	if live {
		return text.T(ctx, "card.newborn.born_live")
	}
	return text.T(ctx, "card.newborn.born_still")
}
