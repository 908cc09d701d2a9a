package public

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
)

// Operations is GET /operations: the codes valid on ?on=, today without one, or with
// ?all=1 all that there were and will be.
func (p Pages) Operations(w http.ResponseWriter, r *http.Request) error {
	on, err := p.day(r)
	if err != nil {
		return err
	}
	codes, all, err := p.codes(r, on)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, operationsPage(codes, on, all))
}

// operation is a code as programs read it.
type operation struct {
	Code   string     `json:"code"`
	Name   text.Words `json:"name"`
	From   clock.Date `json:"from"`
	Until  clock.Date `json:"until,omitzero"`
	Paired bool       `json:"paired,omitempty"` // of what stands left and right
}

// OperationsJSON is GET /operations.json: the same for programs.
func (p Pages) OperationsJSON(w http.ResponseWriter, r *http.Request) error {
	on, err := p.day(r)
	if err != nil {
		return page.JSON(w, http.StatusBadRequest, map[string]string{"error": "on is no day: write 2026-11-22"})
	}
	codes, _, err := p.codes(r, on)
	if err != nil {
		return err
	}
	list := make([]operation, 0, len(codes))
	for _, c := range codes {
		list = append(list, operation(c))
	}
	return page.JSON(w, http.StatusOK, list)
}

func (p Pages) codes(r *http.Request, on clock.Date) (codes []procedure.Code, all bool, err error) {
	all = r.URL.Query().Get("all") == "1"
	if all {
		on = clock.Date{}
	}
	codes, err = p.Procedures.Codes(r.Context(), on)
	return codes, all, err
}

func operations(ctx context.Context, codes []procedure.Code) design.TableData {
	data := design.TableData{
		Caption: text.T(ctx, "insurance.operations.title"), Empty: text.T(ctx, "insurance.operations.none"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.code")}, {Label: text.T(ctx, "insurance.prices.name")}, {Label: text.T(ctx, "insurance.prices.period")}},
	}
	for _, c := range codes {
		data.Rows = append(data.Rows, []design.Cell{{Text: c.Code}, {Text: c.Name.Here(ctx)}, {Text: period(ctx, c.From, c.Until)}})
	}
	return data
}
