package maternity

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// The list of confinements gives each once, page by page, those that lie here first;
// also when one of them is discharged between two pages, and many came in one minute.
func TestTheListOfConfinementsIsReadByPages(t *testing.T) {
	each(t, 0, func(w *world) {
		const open, over = 60, 170
		women := make([]string, open)
		for i := range women {
			p, _, err := patient.Register(w.hospital, w.d, patient.Patient{
				PIN: fmt.Sprintf("1010119960%04d", i+1), FamilyName: "Асанова", GivenName: fmt.Sprint("А", i), Sex: patient.Female, BirthDate: clock.Date{Year: 1996, Month: 1, Day: 1},
			})
			w.must(err)
			women[i] = p.ID
		}
		w.must(w.d.DB.Tx(w.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for i := range open + over {
				state, who, stay := "discharged", w.woman.ID, fmt.Sprintf("over-%03d", i-open)
				if i < open {
					state, who, stay = "open", women[i], fmt.Sprintf("open-%03d", i)
				}
				at := w.now.Now().Add(-time.Duration(i/3) * time.Hour) // three at a time
				_, err := tx.ExecContext(ctx, `INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year,
						department, doctor_pin, doctor_name, created_at, created_by)
					VALUES ($1, $2, $3, $4, 'planned', $5, 0, 'self', '', 1, '18', $6, '', $5, '')`, stay, who, cardtest.Hospital, state, db.Micros(at), w.doctor())
				if err != nil {
					return err
				}
				if err := begin(ctx, tx, stay); err != nil {
					return err
				}
			}
			return nil
		}))
		seen := map[string]int{}
		after, pages := "", 0
		for more := true; more; more = after != "" {
			all, next, err := lines(w.Context(), w.d.DB.Read, cardtest.Hospital, nil, after)
			w.must(err)
			for _, l := range all {
				seen[l.StayID]++
			}
			if after = next; pages == 0 {
				// The last of the page is discharged, and stands among those that are over as well.
				last := all[len(all)-1].StayID
				w.exec(`UPDATE stay SET state = 'discharged' WHERE id = $1`, last)
				seen[last]--
			}
			pages++
		}
		delete(seen, w.stayID)
		if len(seen) != open+over || pages != 5 {
			t.Errorf("%d of %d on %d pages", len(seen), open+over, pages)
		}
		for stay, times := range seen {
			if times != 1 {
				t.Errorf("%s stands there %d times", stay, times)
			}
		}
	})
}

// The pages of the list lead to each other.
func TestThePageOfConfinementsLeadsOn(t *testing.T) {
	each(t, 0, func(w *world) {
		for i := range pageSize + 1 {
			w.exec(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year,
					department, doctor_pin, doctor_name, created_at, created_by)
				VALUES ($1, $2, $3, 'discharged', 'planned', $4, 0, 'self', '', 1, '18', $5, '', $4, '')`, fmt.Sprintf("over-%03d", i), w.woman.ID, cardtest.Hospital, 1000+i, w.doctor())
			w.must(w.d.DB.Tx(w.Context(), func(ctx context.Context, tx *sql.Tx) error { return begin(ctx, tx, fmt.Sprintf("over-%03d", i)) }))
		}
		for after, want := range map[string][]string{"": {`rel="next"`, "over-050", `rel="prev"`}, "over.over-001": {`rel="prev"`, "over-000", `rel="next"`}} {
			r := httptest.NewRequestWithContext(w.hospital, "GET", "/maternity?after="+after, nil)
			answer := httptest.NewRecorder()
			w.must(renderList(answer, r, w.d, page.NewForm(), 200))
			body := answer.Body.String()
			if !strings.Contains(body, want[0]) || !strings.Contains(body, want[1]) || strings.Contains(body, want[2]) {
				t.Errorf("after %q it leads elsewhere", after)
			}
		}
	})
}
