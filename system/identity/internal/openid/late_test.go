package openid

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// After all that an account holds open was ended nothing of it is good, also when
// at that very moment a code was given to a system or to a device, after the page
// of consent, or a refresh token was changed for the next.
func TestNothingIsGrantedWhileAllEnds(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		accountID := x.session().AccountID
		good := func(when string) {
			t.Helper()
			var n int
			if err := x.p.config.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM permission WHERE account_id = $1 AND revoked_at = 0`, accountID).Scan(&n); err != nil || n != 0 {
				t.Fatalf("%s: %d grants are good, %v", when, n, err)
			}
		}
		end := func() {
			err := x.p.config.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				if err := x.p.config.Sessions.EndAll(ctx, tx, accountID, ""); err != nil {
					return err
				}
				return x.p.Stop(ctx, tx, accountID)
			})
			if err != nil {
				t.Error(err)
			}
		}
		end()
		for round := range 36 {
			var epoch int64
			if err := x.p.config.DB.Read.QueryRowContext(t.Context(), `SELECT epoch FROM account WHERE id = $1`, accountID).Scan(&epoch); err != nil {
				t.Fatal(err)
			}
			_, session, err := x.p.config.Sessions.Start(t.Context(), accountID, sso.Proof{Method: "password", AMR: []string{"pwd", "otp"}, Level: "substantial", Epoch: epoch}, nil)
			if err != nil {
				t.Fatal(err)
			}
			grant := &goidc.Grant{
				ID: id.New(), CreatedAt: int(time.Now().Unix()), Subject: accountID, ClientID: "system", Scopes: "openid offline_access",
				Store: map[string]any{storeSID: session.SID},
			}
			how := []string{"code", "device", "refresh"}[round%3]
			switch how {
			case "code":
				grant.AuthCode = id.Secret()
			case "device":
				grant.DeviceCode = id.Secret()
			case "refresh":
				grant.RefreshToken, grant.AuthCodeConsumedAt = id.Secret(), grant.CreatedAt
				if err := x.p.grants.SaveGrant(t.Context(), grant); err != nil {
					t.Fatal(err)
				}
				grant.RefreshToken = id.Secret()
			}
			save := func() error { return x.p.grants.SaveGrant(t.Context(), grant) }
			switch round / 3 % 3 {
			case 0:
				if err := save(); err != nil {
					t.Fatal(how, err)
				}
				end()
			case 1:
				end()
				if err := save(); err == nil {
					t.Fatalf("%s: granted after all was ended", how)
				}
			case 2:
				var both sync.WaitGroup
				both.Go(func() { _ = save() }) // first or too late
				both.Go(end)
				both.Wait()
			}
			good(how)
		}
	})
}
