package icd

import (
	"context"
	"embed"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

//go:embed demo.csv
var demo embed.FS

// Demo loads a short list of frequent codes, worded by us, where nothing was
// imported yet. The whole ICD-10 comes with `sanarip import icd10 FILE`.
func Demo(ctx context.Context, d *db.DB, c clock.Clock) error {
	empty, err := Empty(ctx, d)
	if err != nil || !empty {
		return err
	}
	in, err := demo.Open("demo.csv")
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	_, err = Import(ctx, d, c, in, "sanarip demo", nil)
	return err
}
