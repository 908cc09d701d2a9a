package treated

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Senders knows which information system may send cases of which organisation: the
// card those of all, another the operator's word has named those of its own (MC-6).
// That it may call at all is a right of the exchange.
type Senders struct {
	DB       *db.DB
	Exchange *exchangeapi.Client
}

// Intake is the service as the exchange calls it: a case is taken and checked only
// from who may speak for its organisation.
type Intake struct {
	Fund    insuranceapi.API
	Senders Senders
}

var _ insuranceapi.API = Intake{}

// Submit implements insuranceapi.API.
func (i Intake) Submit(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	if err := i.Senders.admit(ctx, exchangeapi.CallerOf(ctx).Client, c); err != nil {
		return insuranceapi.Decision{}, err
	}
	return i.Fund.Submit(ctx, c)
}

// Check implements insuranceapi.API.
func (i Intake) Check(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	if err := i.Senders.admit(ctx, exchangeapi.CallerOf(ctx).Client, c); err != nil {
		return insuranceapi.Decision{}, err
	}
	return i.Fund.Check(ctx, c)
}

// Rules implements insuranceapi.API: they are everybody's.
func (i Intake) Rules(ctx context.Context, on clock.Date) ([]insuranceapi.Rule, error) {
	return i.Fund.Rules(ctx, on)
}

// admit refuses a system that does not speak for the organisation of the case. A
// number of form 066/у names its organisation: nobody may come first under a number of
// another's.
func (s Senders) admit(ctx context.Context, client exchangeapi.Subsystem, c insuranceapi.Case) error {
	if client == exchangeapi.Card {
		return nil
	}
	refused := fail.New(fail.Forbidden, "insurance.submit.not_its_sender")
	own, err := s.of(ctx, c.Organisation)
	if err != nil {
		return err
	}
	if own == "" || own != client.String() {
		return refused
	}
	if of, ok := organisationOf(c.Number); ok && of != c.Organisation {
		return refused
	}
	return nil
}

// organisationOf is the organisation that a whole number of form 066/у names.
func organisationOf(number string) (string, bool) {
	number = strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	if len(number) != 17 {
		return "", false
	}
	return number[9:15], true
}

func (s Senders) of(ctx context.Context, organisation string) (string, error) {
	own, err := senderOf(ctx, s.DB.Read, organisation)
	return own, db.Explain(err)
}

// Decide brings a decision to the system that sent the case: via is what the case
// has kept of it.
func (s Senders) Decide(ctx context.Context, d insuranceapi.Decision, via string) error {
	other, err := exchangeapi.ParseSubsystem(via)
	if err != nil { // one of ours by its name: the card
		other = exchangeapi.Card
	}
	return cardapi.HospitalClient{Exchange: s.Exchange, Provider: other}.Decide(ctx, d)
}

// Forms are the valid forms of the organisation's month: those of the card, and those of
// a system of its own. A form in both, of before and after the change, counts once.
func (s Senders) Forms(ctx context.Context, m cardapi.Month) ([]cardapi.FormLine, error) {
	forms, err := cardapi.HospitalClient{Exchange: s.Exchange, Provider: exchangeapi.Card}.Forms(ctx, m)
	if err != nil {
		return nil, err
	}
	own, err := s.of(ctx, m.Organisation)
	if err != nil || own == "" {
		return forms, err
	}
	other, err := exchangeapi.ParseSubsystem(own)
	if err != nil {
		return nil, err
	}
	theirs, err := cardapi.HospitalClient{Exchange: s.Exchange, Provider: other}.Forms(ctx, m)
	if err != nil {
		return nil, err
	}
	all := map[string]cardapi.FormLine{}
	for _, f := range slices.Concat(forms, theirs) {
		if known, twice := all[f.Number]; !twice || f.Revision >= known.Revision {
			all[f.Number] = f
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b cardapi.FormLine) int { return strings.Compare(a.Number, b.Number) }), nil
}

// sentBy is how a case keeps the system that sent it: one of ours by its name, another
// by its whole name.
func sentBy(client exchangeapi.Subsystem) string {
	if name := exchangeapi.NameOf(client); name != client.Code {
		return name
	}
	return client.String()
}

// ImportedSenders says what an import of senders did; Bad are the rows left out.
type ImportedSenders struct {
	Rows, Changed int
	Bad           []string
}

// ImportSenders reads which system sends the cases of which organisation: lines of
// organisation,subsystem; an empty subsystem takes the word back. It holds from the
// next case on; the card may go on.
func ImportSenders(ctx context.Context, d *db.DB, in io.Reader) (ImportedSenders, error) {
	reader := csv.NewReader(io.LimitReader(in, 1<<20))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = 2, true
	lines, err := reader.ReadAll()
	if err != nil {
		return ImportedSenders{}, err
	}
	var report ImportedSenders
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		report = ImportedSenders{}
		for i, line := range lines {
			line[0] = strings.TrimPrefix(line[0], "\ufeff")
			if i == 0 && line[0] == "organisation" {
				continue
			}
			report.Rows++
			if err := readSender(line); err != nil {
				report.Bad = append(report.Bad, fmt.Sprintf("line %d: %v", i+1, err))
				continue
			}
			before, err := senderOf(ctx, tx, line[0])
			if err != nil {
				return err
			}
			if before == line[1] {
				continue
			}
			report.Changed++
			if err := setSender(ctx, tx, line[0], line[1]); err != nil {
				return err
			}
		}
		return nil
	})
	return report, db.Explain(err)
}

func readSender(line []string) error {
	if len(line[0]) != 6 || strings.Trim(line[0], "0123456789") != "" {
		return errors.New("an organisation's code has 6 digits")
	}
	if line[1] == "" {
		return nil
	}
	other, err := exchangeapi.ParseSubsystem(line[1])
	if err != nil {
		return err
	}
	if sentBy(other) != other.String() {
		return fmt.Errorf("%s is a system of the state", other)
	}
	line[1] = other.String()
	return nil
}
