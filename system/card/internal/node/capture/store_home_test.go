package capture_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/migration"
)

// A row belongs where all its like belong, also without what only some of them
// have: a patient who is moved without a bed is the hospital's too.
func TestAHomeIsFoundByWhatEveryRowHas(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) {
		schema, err := capture.Read(t.Context(), d.Read, d.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		move, ok := schema.Table("move")
		if !ok {
			t.Fatal("moves are not handed over")
		}
		condition, home := schema.Within(move, 1, 1)
		if home != capture.Hospital || !strings.HasPrefix(condition, "stay_id IN") {
			t.Errorf("%v %s", home, condition)
		}
	})
}
