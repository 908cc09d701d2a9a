package consent

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// SideWord is the side in the reader's language, "" when none was said.
func SideWord(ctx context.Context, side string) string {
	if side == "" {
		return ""
	}
	return text.T(ctx, "card.side."+side) // text: card.side.*
}

// AgainstWord says which side the consent names, where the protocol names another.
func AgainstWord(ctx context.Context, side string) string {
	return text.T(ctx, "card.side.against."+side) // text: card.side.against.*
}

// SideOptions are the sides to choose from.
func SideOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Label: text.T(ctx, "card.side.unsaid")}}
	for _, side := range Sides {
		options = append(options, design.Option{Value: side, Label: SideWord(ctx, side)})
	}
	return options
}

// Against gives the side that the stay's consents to an operation name, where none
// of them covers the side of the operation: "" while they agree, or while either
// says nothing. Only consents that hold count.
func Against(all []Consent, side string) string {
	against := ""
	for _, c := range all {
		if c.Kind != "operation" || c.State != Signed || c.Side == "" || side == "" {
			continue
		}
		if covers(c.Side, side) {
			return ""
		}
		against = c.Side
	}
	return against
}

// covers: who agreed to both sides agreed to each.
func covers(agreed, done string) bool {
	return agreed == done || agreed == "both" && (done == "left" || done == "right")
}

// AgainstIn is Against for the consents of the stay as they are written.
func AgainstIn(ctx context.Context, q db.Querier, stayID, side string) (string, error) {
	if side == "" {
		return "", nil
	}
	all, err := Consents(ctx, q, stayID)
	return Against(all, side), err
}
