package form

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

func (s Signing) mount() {
	s.Desk.Page("POST /stays/{id}/form/sign", desk.Doctors, s.goSign)
	s.Desk.Page("GET /stays/{id}/form/signed", desk.Doctors, s.comeBack)
	s.Desk.Page("GET /stays/{id}/form/signed.pdf", desk.Everybody, s.paper)
	s.Desk.Page("GET /stays/{id}/form/signature.json", desk.Everybody, s.proof)
}

// goSign leads the doctor or the head of department to ЕСИ.
func (s Signing) goSign(w http.ResponseWriter, r *http.Request) error {
	address, err := s.Ask(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	// Checked to be ЕСИ's: page.Redirect leads within the card alone.
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// comeBack is where ЕСИ leads back to: the form's page shows what became of it.
func (s Signing) comeBack(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	record, err := Load(ctx, s.Desk.DB.Read, r.PathValue("id"), desk.Of(ctx).Post.Organisation, "")
	if err != nil {
		return err
	}
	return page.Redirect(w, r, "/stays/"+record.StayID+"/form")
}

// newest is the newest form of the stay with what is signed under it.
func (s Signing) newest(r *http.Request) (Sheet, []byte, error) {
	ctx := r.Context()
	record, err := Load(ctx, s.Desk.DB.Read, r.PathValue("id"), desk.Of(ctx).Post.Organisation, "")
	if err != nil {
		return Sheet{}, nil, err
	}
	_, ref, err := choose(ctx, s.Desk, record.StayID, "", r.URL.Query().Get("revision"))
	if err != nil {
		return Sheet{}, nil, err
	}
	sheet, err := SheetOf(ctx, s.Desk.DB.Read, ref)
	if err != nil {
		return sheet, nil, err
	}
	document, err := documentOf(ctx, s.Desk.DB.Read, ref)
	if errors.Is(err, sql.ErrNoRows) {
		return sheet, nil, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return sheet, nil, err
	}
	return sheet, document, s.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.Desk.Seen(ctx, tx, record.Patient.PIN, "form.print", ref.Number)
	})
}

// paper gives exactly what is signed.
func (s Signing) paper(w http.ResponseWriter, r *http.Request) error {
	sheet, document, err := s.newest(r)
	if err != nil {
		return err
	}
	return page.ShowPDF(w, "066-"+sheet.Case.Number+"-signed.pdf", document)
}

// proof gives a signature's file: ?role=doctor or head.
func (s Signing) proof(w http.ResponseWriter, r *http.Request) error {
	sheet, _, err := s.newest(r)
	if err != nil {
		return err
	}
	known, err := signaturesOf(r.Context(), s.Desk.DB.Read, Ref{sheet.Case.Number, sheet.Case.Revision})
	if err != nil {
		return err
	}
	one := known[r.URL.Query().Get("role")]
	if one.Proof == nil {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return page.AttachJSON(w, "066-"+sheet.Case.Number+"-"+one.Role+".signature.json", one.Proof)
}

// Marks are the lines of the printed form that say who signed it electronically,
// only of signatures that hold at this moment.
func (s Signing) Marks(ctx context.Context, all []Signature) []string {
	var marks []string
	for _, one := range all {
		if one.Proof == nil || !one.Check.Valid {
			continue
		}
		marks = append(marks, text.T(ctx, "card.form.sign_mark",
			"Role", roleWord(ctx, one.Role), "Name", one.Proof.Name, "At", text.Moment(one.Proof.At), "Level", levelWord(ctx, one.Proof.ACR),
			"Hash", one.Proof.SHA256, "Address", s.Desk.Site.FormHosts[0]+"/signature"))
	}
	return marks
}

// Draft says on the printed form whose electronic signature it lacks, "" once both
// are there: what is printed before may be taken for what was signed.
func (s Signing) Draft(ctx context.Context, all []Signature) string {
	var who []string
	for _, one := range all {
		if one.Proof == nil {
			who = append(who, roleWord(ctx, one.Role))
		}
	}
	if len(who) == 0 {
		return ""
	}
	return text.T(ctx, "card.form.paper_draft", "Who", strings.Join(who, ", "))
}

// toSign says that the reader may sign one of them now.
func toSign(ctx context.Context, all []Signature) bool {
	return slices.ContainsFunc(all, func(one Signature) bool {
		return one.State != SignSigned && one.PIN != "" && one.PIN == desk.Of(ctx).PIN
	})
}

func signedOne(all []Signature) bool {
	return slices.ContainsFunc(all, func(one Signature) bool { return one.Proof != nil })
}

func roleWord(ctx context.Context, role string) string {
	if role == AsHead {
		return text.T(ctx, "card.form.head")
	}
	return text.T(ctx, "card.form.doctor")
}

// levelWord is the level of a sign-in, which ЕСИ names by a URN.
func levelWord(ctx context.Context, acr string) string {
	switch acr {
	case "urn:sanarip:acr:low":
		return text.T(ctx, "card.form.level_low")
	case "urn:sanarip:acr:substantial":
		return text.T(ctx, "card.form.level_substantial")
	case "urn:sanarip:acr:high":
		return text.T(ctx, "card.form.level_high")
	}
	return acr
}

// signWords are the state of a signature and its tone.
func signWords(ctx context.Context, one Signature) (words, tone string) {
	switch {
	case one.Proof != nil && one.Check.Away:
		return text.T(ctx, "card.form.sign_unchecked"), "attention"
	case one.Proof != nil && one.Check.Valid:
		return text.T(ctx, "card.form.sign_valid"), "done"
	case one.Proof != nil:
		return text.T(ctx, "card.form.sign_invalid"), "danger"
	case one.State == signAsked:
		return text.T(ctx, "card.form.sign_asked"), "info"
	case one.State == signRefused:
		return text.T(ctx, "card.form.sign_refused"), "attention"
	}
	return text.T(ctx, "card.form.sign_none"), "neutral"
}
