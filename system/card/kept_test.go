package card

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// What a colleague removed or closed meanwhile takes nothing of what was typed:
// the page keeps it and says what happened and what to do.
func TestWhatAColleagueRemovedKeepsWhatWasTyped(t *testing.T) {
	f := newFilledHospital(t)
	stay, typed := "/stays/"+f.stay, "Кашель реже. Продолжить лечение."
	head := f.staff(t, "11112197500921", workforceapi.Head, cardtest.Hospital)
	doctor := f.signIn(t, doctorPIN)
	doctor.get("/ward?lang=ru")
	head.get("/ward?lang=ru")
	template := id.New()
	status, to, body := head.post("/templates", "once", template, "kind", "diary", "name", "Обход", "body", "Жалоб нет.", "department", "1")
	done(t, "/templates", status, to, body)
	status, to, body = head.post("/templates/remove", "id", template)
	done(t, "/templates", status, to, body)
	// A template that is being changed.
	status, _, body = head.post("/templates", "id", template, "kind", "diary", "name", "Обход", "body", typed, "department", "1")
	if status != http.StatusUnprocessableEntity || strings.Contains(body, template) {
		t.Fatalf("%d\n%s", status, body)
	}
	has(t, body, typed, "Этот шаблон коллега удалил")
	status, to, _ = head.post("/templates", "once", once.FindStringSubmatch(body)[1], "kind", "diary", "name", "Обход", "body", typed, "department", "1")
	done(t, "/templates", status, to, "")
	if status, to, _ := head.send(http.MethodGet, "/templates?edit="+template, nil); status != http.StatusSeeOther || to != "/templates" {
		t.Errorf("a template that is gone: %d %s", status, to)
	}
	// A template that is put into an entry.
	entry := id.New()
	status, to, body = doctor.post(stay+"/draft", "once", entry, "kind", "diary", "at", "2026-11-22T13:40", "body", typed, "insert", "template:"+template)
	done(t, stay, status, to, body)
	has(t, doctor.get(stay), typed, "Набранный текст сохранён")
	// A stay that is closed while one writes.
	f.discharge(t)
	for path, pairs := range map[string][]string{
		stay + "/entries":   {"once", entry, "kind", "diary", "at", "2026-11-22T13:40", "body", typed},
		stay + "/draft":     {"once", entry, "kind", "diary", "at", "2026-11-22T13:40", "body", typed, "insert", "copy"},
		stay + "/discharge": {"do", "save", "recommendations", typed},
	} {
		status, _, body := doctor.post(path, pairs...)
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, status)
		}
		has(t, body, typed, " выписа", "Не записано: Ваш текст")
	}
	if status, _, _ := doctor.post(stay+"/draft", "once", id.New(), "kind", "diary", "body", typed, "quiet", "1"); status != http.StatusConflict {
		t.Errorf("the script is not told that nothing is kept: %d", status)
	}
}

// discharge closes the stay behind the doctor's back.
func (f filledHospital) discharge(t *testing.T) {
	t.Helper()
	err := f.desk.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE stay SET state = 'discharged', discharged_at = $2, outcome = 'discharged', result = 'improved' WHERE id = $1`,
			f.stay, db.Micros(f.now.Now()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
