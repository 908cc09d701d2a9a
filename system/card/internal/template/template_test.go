package template

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

var kinds = []string{"diary", "examination"}

// A doctor keeps their own templates, the head those of the department; nobody
// sees or changes another doctor's.
func TestTemplatesOfDepartmentAndDoctor(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		doctor, head := formtest.Doctor(t.Context()), formtest.Head(t.Context())
		other := desk.With(t.Context(), formtest.Staff("20711199000377", "Исаков Данияр", workforceapi.Doctor))
		own := Saving{Once: id.New(), Kind: "diary", Name: "Мой", Body: "День {день}"}
		of := Saving{Once: id.New(), Kind: "diary", Name: "Отделения", Body: "Обход", Department: true}
		if err := Save(doctor, w.Desk, kinds, of); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		for range 2 {
			if err := Save(doctor, w.Desk, kinds, own); err != nil {
				t.Fatal(err)
			}
			if err := Save(head, w.Desk, kinds, of); err != nil {
				t.Fatal(err)
			}
		}
		all, err := Offered(doctor, w.Desk, formtest.Department)
		if err != nil || len(all) != 2 || !all[0].Own() || all[1].Own() {
			t.Fatalf("%+v %v", all, err)
		}
		if all, err = Offered(other, w.Desk, formtest.Department); err != nil || len(all) != 1 || all[0].Name != "Отделения" {
			t.Fatalf("%+v %v", all, err)
		}
		if all, err = Offered(other, w.Desk, "05"); err != nil || len(all) != 0 {
			t.Fatalf("%+v %v", all, err)
		}
		if _, err := Find(other, w.Desk, own.Once); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
		change := Saving{ID: of.Once, Kind: "diary", Name: "Чужой", Body: "x"}
		if err := Save(doctor, w.Desk, kinds, change); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		if err := Remove(other, w.Desk, own.Once); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		change.ID, change.Name = own.Once, "Мой новый"
		if err := Save(doctor, w.Desk, kinds, change); err != nil {
			t.Fatal(err)
		}
		if found, err := Find(doctor, w.Desk, own.Once); err != nil || found.Name != "Мой новый" {
			t.Fatalf("%+v %v", found, err)
		}
		if err := Remove(doctor, w.Desk, own.Once); err != nil || w.Int(`SELECT COUNT(*) FROM entry_template`) != 1 {
			t.Fatal(err)
		}
	})
}

func TestFill(t *testing.T) {
	known := Known{Day: "5", Age: "66 лет", Diagnosis: "I21.0"}
	if got := Fill("День {день}, {жашы}, {diagnosis}; {показатели}; {иное}", known); got != "День 5, 66 лет, I21.0; ; {иное}" {
		t.Fatal(got)
	}
	if n := len(Words()); n != 11 || !strings.HasPrefix(Words()[0], "{") {
		t.Fatal(Words())
	}
}
