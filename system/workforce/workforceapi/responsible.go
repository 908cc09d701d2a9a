package workforceapi

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceResponsible names who answers for the information systems in an
// organisation.
const ServiceResponsible = "responsible"

// Duty is what a person was made responsible for by the order of the
// organisation (order of the ministry, item 3.1).
type Duty string

// The duties.
const (
	RollOut    Duty = "rollout"
	Monitoring Duty = "monitoring"
)

// Responsible is a member of staff who answers for a duty today.
type Responsible struct {
	PIN          string     `json:"pin"`
	PersonName   string     `json:"person_name"`
	Duty         Duty       `json:"duty"`
	Post         text.Words `json:"post"`
	Organisation string     `json:"organisation"` // 6-digit code
	Phone        string     `json:"phone,omitempty"`
	From         clock.Date `json:"from"`
	OrderNumber  string     `json:"order_number"` // of the organisation's own order
	OrderDay     clock.Date `json:"order_day"`
}

// ResponsibleAPI is what НИСУР tells of them.
type ResponsibleAPI interface {
	// Responsible are those of the organisation today, none when no order named
	// them or all have left; of every organisation for "".
	Responsible(ctx context.Context, organisation string) ([]Responsible, error)
}

var _ ResponsibleAPI = Client{}

// Responsible implements ResponsibleAPI.
func (c Client) Responsible(ctx context.Context, organisation string) ([]Responsible, error) {
	var list []Responsible
	err := c.call(ctx, ServiceResponsible, "/of-organisation", Code{organisation}, &list)
	return list, err
}

// ServeResponsible registers the service.
func ServeResponsible(p *exchangeapi.Provider, api ResponsibleAPI) {
	exchangeapi.Serve(p, ServiceResponsible, "/of-organisation", func(ctx context.Context, in Code) ([]Responsible, error) {
		return api.Responsible(ctx, in.Code)
	})
}
