package cabinet

import (
	"bufio"
	"net/http"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

func (c *Cabinet) showData(w http.ResponseWriter, r *http.Request, p door.Person) error {
	return page.Render(w, r, http.StatusOK, dataPage(p.Account))
}

// download hands over all of the person's data. That it was done is recorded
// before the first byte goes out.
func (c *Cabinet) download(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	format := form.Choice("format", "json", "html")
	if !form.OK() {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err := c.Record(r.Context(), p.Account.PIN, p.Account.Name(), "data.downloaded", format); err != nil {
		return err
	}
	kind := "text/html; charset=utf-8"
	if format == "json" {
		kind = "application/json; charset=utf-8"
	}
	page.Attached(w, kind, "esi-data."+format)
	out := bufio.NewWriterSize(w, 32<<10)
	if format == "json" {
		err = c.writeJSON(r.Context(), out, p.Account)
	} else {
		err = c.writePage(w, r, out, p)
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		// Part of the file has gone out: the reader must not take it for the whole.
		c.Site.Log.ErrorContext(r.Context(), "a download of data broke off", "system", "identity", "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (c *Cabinet) writePage(_ http.ResponseWriter, r *http.Request, out *bufio.Writer, p door.Person) error {
	parts, err := c.all(r.Context(), p.Account)
	if err != nil {
		return err
	}
	each := func(take func(audit.Record) error) error { return c.accesses(r.Context(), p.Account.PIN, take) }
	return ownDataPage(p.Account, c.Clock.Now(), parts, each).Render(r.Context(), out)
}
