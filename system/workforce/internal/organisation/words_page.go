package organisation

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/region"
)

// KindWord is the kind in the reader's language; a code that is none stands as it is.
func KindWord(ctx context.Context, kind string) string {
	if !slices.Contains(Kinds, kind) {
		return kind
	}
	return text.T(ctx, "workforce.kind."+kind) // text: workforce.kind.*
}

// OwnershipWord is the ownership in the reader's language.
func OwnershipWord(ctx context.Context, ownership string) string {
	if !slices.Contains(Ownerships, ownership) {
		return ownership
	}
	return text.T(ctx, "workforce.ownership."+ownership) // text: workforce.ownership.*
}

// LevelWord is the level in the reader's language.
func LevelWord(ctx context.Context, level string) string {
	if !slices.Contains(Levels, level) {
		return level
	}
	return text.T(ctx, "workforce.level."+level) // text: workforce.level.*
}

func eventWord(ctx context.Context, e Event) string {
	return text.T(ctx, "workforce.event."+string(e)) // text: workforce.event.*
}

// options are the codes with their words, after an empty one.
func options(ctx context.Context, codes []string, word func(context.Context, string) string, none string) []design.Option {
	list := []design.Option{{Value: "", Label: none}}
	for _, code := range codes {
		list = append(list, design.Option{Value: code, Label: word(ctx, code)})
	}
	return list
}

// RegionOptions are the nine regions, after an empty one.
func RegionOptions(ctx context.Context, none string) []design.Option {
	list := []design.Option{{Value: "", Label: none}}
	for _, r := range region.All {
		list = append(list, design.Option{Value: r.Code, Label: r.Name.Here(ctx)})
	}
	return list
}
