package find

import (
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
)

// Opened is the part of the rows that the reach opens.
func Opened(r access.Reach, b *Builder, pinExpr string, organisations func(b *Builder) string) string {
	if r.All {
		return Always
	}
	var ways []string
	if r.PIN != "" {
		ways = append(ways, pinExpr+" = "+b.Arg(r.PIN))
	}
	if len(r.Organisations) > 0 {
		ways = append(ways, organisations(b))
	}
	return AnyOf(ways)
}

// StayReach is the reach over rows that belong to a stay.
func StayReach(organisation string) func(b *Builder, r access.Reach) string {
	return func(b *Builder, r access.Reach) string {
		return Opened(r, b, "p.pin", func(b *Builder) string { return In(b, organisation, r.Organisations) })
	}
}
