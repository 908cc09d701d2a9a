package card

import (
	"context"
	"database/sql"
	"net/http"
	"regexp"
	"testing"
)

// What the patient does not bear stands where it is ordered and where it is given:
// the doctor is asked before it is written, the nurse sees it in the round.
func TestAnAllergyStandsWhereAnOrderIsWrittenAndGiven(t *testing.T) {
	h, _, doctor, stayPath := newHospital(t)
	err := h.desk.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE patient SET alerts = 'Аллергия: пенициллин'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	order := []string{"kind", "drug", "text", "Амоксициллин", "dose", "500 мг", "times", "3 раза в день", "from", "2026-11-22T13:40"}
	if page := doctor.get(stayPath + "/orders?lang=ru"); len(once.FindStringSubmatch(page)) == 0 {
		t.Fatal("nothing to order with")
	}
	status, _, page := doctor.fill(stayPath+"/orders", stayPath+"/orders", order...)
	if status != http.StatusUnprocessableEntity {
		t.Fatal(status)
	}
	has(t, page, "«Аллергия: пенициллин»", `name="despite"`, `value="Амоксициллин"`)
	if status, _, _ := doctor.fill(stayPath+"/orders", stayPath+"/orders", append(order, "despite", "1")...); status != http.StatusUnprocessableEntity {
		t.Error("a tick that answers nothing that was read:", status)
	}
	told := regexp.MustCompile(`name="told" value="([0-9a-f]+)"`).FindStringSubmatch(page)
	if told == nil {
		t.Fatal(page)
	}
	status, to, page := doctor.fill(stayPath+"/orders", stayPath+"/orders", append(order, "despite", "1", "told", told[1])...)
	done(t, stayPath+"/orders", status, to, page)
	nurse := h.signIn(t, nursePIN)
	has(t, nurse.get("/ward/round?department=18&all=1&lang=ru"), "Амоксициллин", "Аллергия: пенициллин")
}
