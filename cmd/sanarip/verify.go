package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// errNotAuthentic makes the command verify end with 1.
var errNotAuthentic = errors.New("not authentic: the portal has issued no such document, or it was changed")

// verify is the command verify. With the word audit it checks the access records
// (verifyAudit). With a file it asks the portal, through the exchange of a
// running house, whether it issued the very bytes of it. The file itself stays
// here; one that is called audit is named ./audit.
func verify(ctx context.Context, args []string, out io.Writer) error {
	var own auditFlags
	v, rest, err := load("verify", args, own.declare)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return fmt.Errorf("verify needs one file, or the word audit: %w", errUsage)
	}
	if rest[0] == "audit" {
		return verifyAudit(ctx, v, own, out)
	}
	if own.json || len(own.heads) > 0 {
		return fmt.Errorf("--json, --head and --heads go with verify audit: %w", errUsage)
	}
	file, err := os.Open(rest[0])
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	s, err := newSecrets(v, parts)
	if err != nil {
		return err
	}
	all, err := sites(v, portOf(v.Text("addr")))
	if err != nil {
		return err
	}
	portal := portalapi.Client{Exchange: &exchangeapi.Client{
		Self: exchangeapi.Exchange, Address: all["exchange"], Key: s.ExchangeKey("exchange"), HTTP: inproc.New(nil).Client(),
	}}
	verdict, err := portal.Verify(ctx, portalapi.Query{SHA256: hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return err
	}
	if !verdict.Authentic {
		return errNotAuthentic
	}
	_, err = fmt.Fprintf(out, "authentic: %s, %s\nissued by %s on %s\nto %s\n", verdict.Number, verdict.Title.RU, verdict.IssuedBy.RU, text.Moment(verdict.IssuedAt), verdict.Holder)
	return err
}
