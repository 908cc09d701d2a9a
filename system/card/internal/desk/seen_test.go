package desk_test

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/migration"
)

// A list that is open all day is one look a shift: one record of each person, who
// looked and from where, whichever process shows it, and again after the shift,
// from another hospital, on another list and about who came meanwhile.
func TestListsAreRecordedOnceAPersonAndShift(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		doctor := n.As(t.Context(), 0)
		var pins []string
		for i := range 61 {
			pins = append(pins, "2120919600"+string(rune('0'+i/10))+string(rune('0'+i%10))+"00")
		}
		looked := func(d *desk.Desk, pins []string, action string, records int, when string) {
			t.Helper()
			if err := d.SeenAll(doctor, pins, action); err != nil {
				t.Fatal(err)
			}
			var count int
			if err := store.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record WHERE actor_pin = $1`, desk.Of(doctor).PIN).Scan(&count); err != nil {
				t.Fatal(err)
			}
			if count != records {
				t.Errorf("%s: %d records, not %d", when, count, records)
			}
		}
		looked(d, append([]string{"", pins[0]}, pins[:60]...), "ward.read", 60, "at first, one of them twice and one without ПИН")
		looked(d, pins[:60], "ward.read", 60, "again")
		looked(d, pins, "ward.read", 61, "with a new patient")
		another := &desk.Desk{DB: d.DB, Clock: d.Clock}
		looked(another, pins, "ward.read", 61, "from a process just started")
		looked(d, pins[:2], "patient.find", 63, "on another list")
		now.Advance(11 * time.Hour)
		looked(d, pins, "ward.read", 63, "before the shift's end")
		now.Advance(2 * time.Hour)
		looked(another, pins[:10], "ward.read", 73, "after the shift")
		looked(d, pins[:10], "ward.read", 73, "where the other process wrote it")
		elsewhere := desk.Of(doctor)
		elsewhere.Post.OrganisationName = text.Same("Другая больница")
		doctor = desk.With(t.Context(), elsewhere)
		looked(d, pins[:3], "ward.read", 76, "from another hospital")
		var wrong int
		err := store.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record
			WHERE via <> 'card' OR purpose <> 'treatment' OR actor_name = '' OR organisation = '' OR subject_pin = ''`).Scan(&wrong)
		if err != nil || wrong > 0 {
			t.Errorf("%d records without who, whose or why: %v", wrong, err)
		}
	})
}
