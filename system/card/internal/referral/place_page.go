package referral

import (
	"context"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// choosing is where to send somebody: the places that a search finds, the first
// of them shown.
type choosing struct {
	Places   []Place
	Found    int
	Profiles []Place
	Wish     Wish
}

// choose searches for places as the address asks; usual is the profile where it
// does not say. fits leaves places out. What was chosen before is shown whatever
// the search finds.
func choose(ctx context.Context, d *desk.Desk, query url.Values, form *page.Form, usual string, fits func(Place) bool) (choosing, error) {
	own, err := d.Directory.Organisation(ctx, desk.Of(ctx).Post.Organisation)
	if err != nil {
		return choosing{}, err
	}
	c := choosing{Wish: Wish{Not: own.Code, Near: own.Region}}
	all, err := Places(ctx, d, c.Wish)
	if err != nil {
		return c, err
	}
	unfit := func(p Place) bool { return !fits(p) }
	all = slices.DeleteFunc(all, unfit)
	c.Profiles = Profiles(all)
	c.Wish.Profile, c.Wish.Words = query.Get("profile"), query.Get("where")
	if !query.Has("profile") && slices.ContainsFunc(c.Profiles, func(p Place) bool { return p.Profile == usual }) {
		c.Wish.Profile = usual
	}
	found := all
	if c.Wish.Profile != "" || c.Wish.Words != "" {
		if found, err = Places(ctx, d, c.Wish); err != nil {
			return c, err
		}
		found = slices.DeleteFunc(found, unfit)
	}
	c.Found, c.Places = len(found), found[:min(len(found), mostPlaces)]
	isChosen := func(p Place) bool { return p.Value() == form.Get("to") }
	if at := slices.IndexFunc(all, isChosen); at >= 0 && !slices.ContainsFunc(c.Places, isChosen) {
		c.Places = append([]Place{all[at]}, c.Places...)
	}
	return c, nil
}

// query keeps the search in the address of the form, so that it stands when the
// form comes back with an error.
func (c choosing) query() string {
	return "?" + url.Values{"profile": {c.Wish.Profile}, "where": {c.Wish.Words}}.Encode()
}

func (c choosing) profiles(ctx context.Context) []design.Option {
	list := []design.Option{{Value: "", Label: text.T(ctx, "card.referral.any"), Selected: c.Wish.Profile == ""}}
	for _, p := range c.Profiles {
		list = append(list, design.Option{Value: p.Profile, Label: p.DepartmentName.Here(ctx), Selected: p.Profile == c.Wish.Profile})
	}
	return list
}

func (c choosing) options(ctx context.Context) []design.Option {
	list := make([]design.Option, 0, len(c.Places))
	for _, p := range c.Places {
		list = append(list, design.Option{Value: p.Value(), Label: p.OrganisationName.Here(ctx) + " · " + p.DepartmentName.Here(ctx), Hint: p.words(ctx)})
	}
	return list
}

// field says in which order the places stand, and that there are more of them.
func (c choosing) field(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "to", "card.referral.to_choose")
	f.Hint = text.T(ctx, "card.referral.order")
	if c.Found > mostPlaces {
		f.Hint += " " + text.T(ctx, "card.referral.more_places", "Shown", mostPlaces, "Found", c.Found)
	}
	return f
}
