package card

import (
	"context"
	"io"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/card/migration"
)

// Imported says what an import of routes or days of referrals did.
type Imported = referral.Imported

// ImportRoutes reads in which other system organisations work; see
// referral.ImportRoutes. It may run beside the running system.
func ImportRoutes(ctx context.Context, env host.Env, in io.Reader) (Imported, error) {
	return importReferral(ctx, env, in, referral.ImportRoutes)
}

// ImportReferralDays reads how long referrals hold; see referral.ImportRules.
func ImportReferralDays(ctx context.Context, env host.Env, in io.Reader) (Imported, error) {
	return importReferral(ctx, env, in, referral.ImportRules)
}

func importReferral(ctx context.Context, env host.Env, in io.Reader, read func(context.Context, *db.DB, io.Reader) (Imported, error)) (Imported, error) {
	d, err := env.Open(ctx, "card", migration.Sets...)
	if err != nil {
		return Imported{}, err
	}
	defer func() { _ = d.Close() }()
	return read(ctx, d, in)
}
