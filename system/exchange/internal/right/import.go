package right

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/contract"
)

// Imported says what an import of rights did; Bad are the rows that were left out.
type Imported struct {
	Rows, Changed int
	Bad           []string
}

// Import gives rights to other information systems, or takes them back: lines of
// subsystem,provider,service and give or take. The systems of the state have the rights
// of their contracts alone. A right holds from the next call on.
func (r Rights) Import(ctx context.Context, in io.Reader) (Imported, error) {
	reader := csv.NewReader(io.LimitReader(in, 1<<20))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = 4, true
	lines, err := reader.ReadAll()
	if err != nil {
		return Imported{}, err
	}
	var report Imported
	err = r.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		report = Imported{}
		for i, line := range lines {
			line[0] = strings.TrimPrefix(line[0], "\ufeff")
			if i == 0 && line[0] == "subsystem" {
				continue
			}
			report.Rows++
			given, give, err := readRight(line)
			if err != nil {
				report.Bad = append(report.Bad, fmt.Sprintf("line %d: %v", i+1, err))
				continue
			}
			changed, err := r.set(ctx, tx, given, give)
			if err != nil {
				return err
			}
			if changed {
				report.Changed++
			}
		}
		return nil
	})
	return report, db.Explain(err)
}

func readRight(line []string) (given Right, give bool, err error) {
	client, err := exchangeapi.ParseSubsystem(line[0])
	if err != nil {
		return given, false, err
	}
	provider, err := exchangeapi.ParseSubsystem(line[1])
	switch {
	case err != nil:
		return given, false, err
	case contract.Known(client):
		return given, false, fmt.Errorf("%s is a system of the state: it has the rights of its contracts", client)
	case len(contract.Of(provider, line[2])) == 0:
		return given, false, fmt.Errorf("%s gives no service %s", provider, line[2])
	case line[3] != "give" && line[3] != "take":
		return given, false, errors.New("a right is to give or to take")
	}
	return Right{client.String(), provider.String(), line[2], "POST", "/**", FromOperator}, line[3] == "give", nil
}
