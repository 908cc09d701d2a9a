package audit_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// Records that are written together all get their places, however many they are.
func TestRecordsWrittenTogetherAreSealed(t *testing.T) {
	dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) {
		total := 0
		for _, n := range []int{0, 1, 2, 7, 64, 131} {
			records := make([]audit.Record, n)
			for i := range records {
				records[i] = some(total + i)
			}
			if err := audit.AddTogether(t.Context(), d, clock.System{}, records); err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if r := verify(t, d.Read); r.Waiting != int64(total) {
			t.Errorf("%d of %d wait for their places", r.Waiting, total)
		}
		seal(t, sealer(d))
		if r := verify(t, d.Read); !r.OK() || r.Records != int64(total) || r.Waiting != 0 {
			t.Errorf("%d of %d sealed, %d wait: %v", r.Records, total, r.Waiting, r.Findings)
		}
		of, err := audit.Of(t.Context(), d.Read, some(3).Subject, 5)
		if err != nil || len(of) != 1 {
			t.Fatalf("%v, %v", of, err)
		}
		got, want := of[0], some(3)
		want.ID, want.At = got.ID, got.At
		if got != want {
			t.Errorf("kept as %+v", got)
		}
	})
}
