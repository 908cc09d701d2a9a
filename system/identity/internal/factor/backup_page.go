package factor

import (
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

func (p *Pages) showBackup(w http.ResponseWriter, r *http.Request, who door.Person) error {
	codes, err := p.Backups.New(r.Context(), who.Session.SID)
	if err != nil {
		return err
	}
	if len(codes) > 0 {
		return page.Render(w, r, http.StatusOK, backupMadePage(codes))
	}
	left, err := p.Backups.Left(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, backupPage(left))
}

// makeBackup makes a new set and leads to the page that shows it.
func (p *Pages) makeBackup(w http.ResponseWriter, r *http.Request, who door.Person) error {
	if _, err := p.Backups.Make(r.Context(), who.Account, who.Session.SID, door.PlaceOf(r)); err != nil {
		return err
	}
	return page.Redirect(w, r, "/security/backup")
}

// keptBackup is the end of the showing.
func (p *Pages) keptBackup(w http.ResponseWriter, r *http.Request, who door.Person) error {
	if err := p.Backups.Kept(r.Context(), who.Session.SID); err != nil {
		return err
	}
	return page.Redirect(w, r, "/security/factors")
}

// fileBackup gives the codes, which the page itself sends, back as a file: a
// download works without scripts, and nothing is kept for it.
func (p *Pages) fileBackup(w http.ResponseWriter, r *http.Request, _ door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	codes, ok := ParseCodes(form.Get("codes"))
	if !ok {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	body := text.T(r.Context(), "identity.backup.file") + "\r\n\r\n" + strings.Join(codes, "\r\n") + "\r\n"
	return page.Attach(w, "text/plain; charset=utf-8", "esi-codes.txt", []byte(body))
}

// ParseCodes reads a set of codes that a page sends back; false for anything else.
func ParseCodes(sent string) ([]string, bool) {
	codes := strings.Fields(sent)
	if len(codes) != backupCount {
		return nil, false
	}
	for _, code := range codes {
		if plainCode(code) == "" || len(code) != backupLength+1 {
			return nil, false
		}
	}
	return codes, true
}
