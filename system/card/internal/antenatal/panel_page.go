package antenatal

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Panel leads from a woman's page to her pregnancy, in clinics. Give it to
// patient.Mount.
func Panel(d *desk.Desk) patient.Panel {
	return func(ctx context.Context, p patient.Patient) (templ.Component, error) {
		post := desk.Of(ctx).Post
		if p.Sex == patient.Male || !slices.Contains(desk.Ward, post.Role) || !d.Directory.PlaceOf(ctx, post.Organisation).Clinic {
			return templ.NopComponent, nil
		}
		g, open, err := openOf(ctx, d.DB.Read, p.ID)
		if err != nil {
			return nil, err
		}
		return pregnancyLink(p, open && g.Organisation == post.Organisation), nil
	}
}
