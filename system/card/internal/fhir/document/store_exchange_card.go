package document

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
)

// pregnancyOf is the pregnancy of the id with what was returned of it; nil: there
// is none.
func pregnancyOf(ctx context.Context, q db.Querier, id string) (*pregnancyRow, error) {
	record, err := antenatal.Load(ctx, q, id, "")
	if fail.Is(err, fail.NotFound) {
		return nil, nil //nolint:nilnil // an id of nothing is no error of a search
	}
	if err != nil {
		return nil, err
	}
	r := &pregnancyRow{Record: record}
	r.updated = r.change()
	returned, at, err := exchangecard.Returned(ctx, q, id)
	if err == nil && returned != nil {
		r.returned = returned
		if at.After(r.updated) {
			r.updated = at
		}
	}
	return r, err
}
