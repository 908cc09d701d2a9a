package console

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

func (c *Console) keys(w http.ResponseWriter, r *http.Request, _ operator) error {
	return c.showKeys(w, r, http.StatusOK, page.NewForm())
}

func (c *Console) showKeys(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	all, err := c.Keys.States(r.Context())
	if err != nil {
		return err
	}
	age, overlap := c.Keys.Change()
	return page.Render(w, r, status, keysPage(all, c.Clock.Now(), age, overlap, form))
}

// coming says that a rotation is under way already: a key is published and does
// not sign yet. A second one would only push it on.
func coming(all []openid.KeyState, now time.Time) bool {
	return slices.ContainsFunc(all, func(k openid.KeyState) bool { return k.UseFrom.After(now) })
}

func (c *Console) rotateKeys(w http.ResponseWriter, r *http.Request, o operator) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	why := reason(form)
	if !form.OK() {
		return c.showKeys(w, r, http.StatusUnprocessableEntity, form)
	}
	ctx := r.Context()
	all, err := c.Keys.States(ctx)
	if err != nil {
		return err
	}
	if coming(all, c.Clock.Now()) {
		return fail.New(fail.Conflict, "identity.console.keys_coming")
	}
	err = c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return c.record(ctx, tx, o, "", "keys-rotate", why, "") })
	if err != nil {
		return err
	}
	if err := c.Keys.Rotate(ctx); err != nil {
		return err
	}
	page.Notice(w, "identity.console.keys_rotated")
	return page.Redirect(w, r, "/console/keys")
}

func keyRows(ctx context.Context, all []openid.KeyState, now time.Time) [][]design.Cell {
	var rows [][]design.Cell
	for _, k := range all {
		word, tone := "identity.console.key.kept", "neutral"
		switch {
		case k.Signs:
			word, tone = "identity.console.key.signs", "done"
		case k.UseFrom.After(now):
			word, tone = "identity.console.key.coming", "info"
		}
		days := int(now.Sub(k.Created) / (24 * time.Hour))
		rows = append(rows, []design.Cell{
			{Text: k.Alg},
			{Text: k.ID},
			{Component: design.Tag(text.T(ctx, word), tone)},
			{Text: moment(k.Created)},
			{Text: strconv.Itoa(days), Numeric: true},
			{Text: moment(k.UseFrom)},
			{Text: moment(k.Retire)},
		})
	}
	return rows
}
