package rollout

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// counting opens connections that count what is asked of them: a connection
// that can only prepare is asked to for every statement.
type counting struct {
	driver driver.Driver
	dsn    string
	n      *atomic.Int64
}

func (c counting) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	return counted{conn, c.n}, err
}

func (c counting) Driver() driver.Driver { return c.driver }

type counted struct {
	driver.Conn
	n *atomic.Int64
}

func (c counted) Prepare(query string) (driver.Stmt, error) {
	c.n.Add(1)
	return c.Conn.Prepare(query)
}

// MC-7: the state of four hundred organisations is read with as many statements
// as that of two.
func TestAWholeCountryIsReadAtOnce(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		var seq int
		var name, file string
		if w.Desk.DB.Read.QueryRowContext(t.Context(), `PRAGMA database_list`).Scan(&seq, &name, &file) != nil {
			t.Skip("counted on SQLite: the statements are the same on both engines")
		}
		world(t, w)
		plain := w.Desk.DB.Read
		defer func() { w.Desk.DB.Read = plain }()
		read := func(want int) int64 {
			t.Helper()
			var n atomic.Int64
			d := sql.OpenDB(counting{plain.Driver(), file, &n})
			defer func() { _ = d.Close() }()
			w.Desk.DB.Read = d
			began := time.Now()
			c, err := Of(t.Context(), w.Desk, "")
			w.Desk.DB.Read = plain
			if err != nil || len(c.States) != want {
				t.Fatalf("%d organisations, want %d: %v", len(c.States), want, err)
			}
			t.Logf("%d organisations: %d statements, %v", want, n.Load(), time.Since(began))
			return n.Load()
		}
		few := read(2)
		w.Clock.Advance(time.Hour)
		for i := range 400 {
			o := workforceapi.Organisation{
				Code: fmt.Sprintf("96%04d", i), Kind: "hospital", Level: Levels[i%len(Levels)], Region: regionCodes()[i%len(regionCodes())] + "000000000",
				Name: text.Same(fmt.Sprintf("Больница %d", i)), ShortName: text.Same(fmt.Sprintf("Больница %d", i)),
				Departments: []workforceapi.Department{{Code: "01", Name: text.Same("Терапия")}, {Code: "02", Name: text.Same("Хирургия")}},
			}
			data, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			w.Exec(`INSERT INTO organisation (code, data, synced_at) VALUES ($1, $2, 2)`, o.Code, string(data))
		}
		if many := read(402); many != few || few == 0 {
			t.Errorf("two organisations take %d statements, four hundred %d", few, many)
		}
	})
}

// On the map each region has a place of its own, in four columns: more would be
// too small to read on a phone.
func TestTheMapIsReadOnAPhone(t *testing.T) {
	at := map[[2]int]string{}
	for _, r := range Regions {
		if other, taken := at[[2]int{r.column, r.row}]; taken || r.column > 3 {
			t.Errorf("%s stands at %d:%d, with %q", r.Short.EN, r.column, r.row, other)
		}
		at[[2]int{r.column, r.row}] = r.Short.EN
	}
}
