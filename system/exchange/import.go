package exchange

import (
	"context"
	"io"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/exchange/internal/right"
	"github.com/sanarip/sanarip/system/exchange/migration"
)

// ImportRights gives rights to other information systems, or takes them back; see
// right.Import. It may run beside the running exchange.
func ImportRights(ctx context.Context, env host.Env, in io.Reader) (right.Imported, error) {
	d, err := env.Open(ctx, "exchange", migration.Sets...)
	if err != nil {
		return right.Imported{}, err
	}
	defer func() { _ = d.Close() }()
	return right.Rights{DB: d, Clock: env.Clock}.Import(ctx, in)
}
