package workforce_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/workforce/internal/equipment"
	"github.com/sanarip/sanarip/system/workforce/internal/licence"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/post"
	"github.com/sanarip/sanarip/system/workforce/migration"
)

// What a register of the first version holds is there after the upgrade.
func TestTheFirstRegisterIsCarriedOver(t *testing.T) {
	first, err := os.ReadFile("migration/00001_workforce.sql")
	if err != nil {
		t.Fatal(err)
	}
	early := db.Set{Name: "workforce", Files: fstest.MapFS{"00001_workforce.sql": {Data: first}}}
	dbtest.Each(t, "workforce", []db.Set{early}, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		for _, statement := range []string{
			`INSERT INTO organisation VALUES ('950174', 'hospital', 'state', '00109199810074', '95017405', 'Л-1', 'А', 'Б', 'C', 'а', 'б', 'c', '41711000000000', 'national', 'Бишкек')`,
			`INSERT INTO department VALUES ('950174', '18', 'Т', 'Т', 'T', 'therapy')`,
			`INSERT INTO bed VALUES ('950174-18-201-1', '950174', '18', '201', '201-1', 0)`,
			`INSERT INTO post VALUES ('p1', '` + demo.Doctor.PIN + `', 'Асанова', 'therapist', '950174', '18', '2024-09-01', '', 0, '', 0, '')`,
		} {
			err := d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Migrate(ctx, migration.Sets...); err != nil {
			t.Fatal(err)
		}
		day := clock.Date{Year: 2026, Month: 11, Day: 22}
		o, err := organisation.Find(ctx, d.Read, "950174", day)
		if err != nil || o.Name.RU != "Б" || o.Level != "national" || len(o.Departments) != 1 || len(o.Departments[0].Beds) != 1 || o.Departments[0].Beds[0].ID != "950174-18-201-1" {
			t.Errorf("%+v %v", o, err)
		}
		staff, err := post.Register{DB: d, Clock: clock.NewManual(day.Start())}.Staff(ctx, "950174")
		if err != nil || len(staff) != 1 || staff[0].DepartmentName.RU != "Т" {
			t.Errorf("staff %+v %v", staff, err)
		}
		found, err := organisation.Book{DB: d, Clock: clock.NewManual(day.Start())}.Find(ctx, organisation.Search{Text: "бишкек 950174", On: day}, 2)
		if err != nil || len(found) != 1 || found[0].Code != "950174" {
			t.Errorf("found by its words: %+v %v", found, err)
		}
		papers, err := licence.Of(ctx, d.Read, "950174")
		if err != nil || len(papers) != 1 || papers[0].Number != "Л-1" || papers[0].On(day) != licence.Valid {
			t.Errorf("licences %+v %v", papers, err)
		}
	})
}

// Versions written before it was kept until when each holds, and reports before their
// sums were kept, are read as before.
func TestVersionsAndReportsAreCarriedOver(t *testing.T) {
	files, err := os.ReadDir("migration")
	if err != nil {
		t.Fatal(err)
	}
	early := fstest.MapFS{}
	for _, f := range files {
		if f.Name() < "00008" {
			data, err := os.ReadFile("migration/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			early[f.Name()] = &fstest.MapFile{Data: data}
		}
	}
	dbtest.Each(t, "workforce", []db.Set{{Name: "workforce", Files: early}}, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		version := `INSERT INTO organisation_version SELECT '950174', %s, 'edited', 'hospital', 'state', '1', '2', 'А', '%s', 'C', 'а', 'б', 'c', '41711000000000', '', 'national', 'Бишкек', '', 0, '', '', '', 0, '', '', ''`
		for _, statement := range []string{
			`INSERT INTO organisation VALUES ('950174', 3)`,
			fmt.Sprintf(version, `1, ''`, "Первая"), fmt.Sprintf(version, `2, '2026-05-01'`, "Отменённая"), fmt.Sprintf(version, `3, '2026-05-01'`, "Вторая"), fmt.Sprintf(version, `4, '2026-03-01'`, "Весенняя"),
			`INSERT INTO equipment_report VALUES ('r', '950174', 1, '2026-06-01', 'fibre', 0, '', '')`,
			`INSERT INTO equipment_line VALUES ('r', '18', 'Т', 'Т', 'T', 5, 4, 3, 2, 7, 9)`,
			`INSERT INTO equipment_line VALUES ('r', '', '', '', '', 1, 1, 0, 0, 0, 1)`,
		} {
			err := d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err != nil {
				t.Fatal(statement, err)
			}
		}
		if err := d.Migrate(ctx, migration.Sets...); err != nil {
			t.Fatal(err)
		}
		for month, name := range map[time.Month]string{time.January: "Первая", time.April: "Весенняя", time.June: "Вторая"} {
			if o, err := organisation.Find(ctx, d.Read, "950174", clock.Date{Year: 2026, Month: month, Day: 1}); err != nil || o.Name.RU != name {
				t.Errorf("in %s: %q %v", month, o.Name.RU, err)
			}
		}
		day := clock.Date{Year: 2026, Month: 11, Day: 22}
		sums, err := equipment.Book{DB: d, Clock: clock.NewManual(day.Start())}.Regions(ctx, day, equipment.Call{})
		want := equipment.Figures{Computers: 6, Working: 5, Online: 3, Printers: 2, Doctors: 7, Nurses: 10}
		if sum := sums["41711000000000"]; err != nil || sum.Figures != want || sum.Organisations != 1 || sum.Reported != 1 || sum.Answered != 0 {
			t.Errorf("%+v %v", sum, err)
		}
	})
}
