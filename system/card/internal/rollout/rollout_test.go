package rollout

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// neighbours are НИСУР, the fund and the messages in memory.
type neighbours struct {
	mu          sync.Mutex
	staff       []workforceapi.Post
	responsible []workforceapi.Responsible
	ways        map[string][]insuranceapi.Ways
	sent        []messageapi.Message
}

func (n *neighbours) Staff(_ context.Context, organisation string) ([]workforceapi.Post, error) {
	return slices.DeleteFunc(slices.Clone(n.staff), func(p workforceapi.Post) bool { return p.Organisation != organisation }), nil
}

func (n *neighbours) Responsible(_ context.Context, organisation string) ([]workforceapi.Responsible, error) {
	return slices.DeleteFunc(slices.Clone(n.responsible), func(r workforceapi.Responsible) bool { return organisation != "" && r.Organisation != organisation }), nil
}

func (n *neighbours) Ways(_ context.Context, month string) ([]insuranceapi.Ways, error) {
	return n.ways[month], nil
}

func (n *neighbours) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.ContainsFunc(n.sent, func(known messageapi.Message) bool { return known.ID == m.ID }) {
		n.sent = append(n.sent, m)
	}
	return messageapi.Receipt{ID: m.ID}, nil
}

const second = "950201"

// world is a country of two hospitals: one works, one has not begun.
func world(t *testing.T, w formtest.World) (*Rollout, *neighbours) {
	t.Helper()
	w.Desk.Site.Texts = text.MustLoad(design.Texts, os.DirFS("../.."))
	for code, o := range map[string]workforceapi.Organisation{
		formtest.Hospital: {Kind: "hospital", Level: "national", Region: "41711000000000", Name: text.Same("Первая"), ShortName: text.Same("Первая"), Departments: []workforceapi.Department{{Code: formtest.Department, Name: text.Same("Терапия")}}},
		second:            {Kind: "hospital", Level: "regional", Region: "41721000000000", Name: text.Same("Вторая"), ShortName: text.Same("Вторая")},
		"900002":          {Kind: "operator", Level: "national", Region: "41711000000000", Name: text.Same("ЦЭЗ")},
	} {
		o.Code = code
		data, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		w.Exec(`INSERT INTO organisation (code, data, synced_at) VALUES ($1, $2, 1) ON CONFLICT (code) DO UPDATE SET data = excluded.data`, code, string(data))
	}
	for range 2 {
		if err := Seed(t.Context(), w.Desk.DB, w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	post := func(pin, name string, role workforceapi.Role, organisation string) workforceapi.Post {
		return workforceapi.Post{PIN: pin, PersonName: name, Role: role, Title: text.Words{KY: "Дарыгер", RU: "Врач", EN: "Doctor"}, Organisation: organisation}
	}
	n := &neighbours{
		staff: []workforceapi.Post{
			post("11111111111111", "Первая А", workforceapi.Doctor, formtest.Hospital), post("11111111111111", "Первая А", workforceapi.Head, formtest.Hospital),
			post("22222222222222", "Вторая Б", workforceapi.Nurse, formtest.Hospital),
			post("33333333333333", "Третий В", workforceapi.Manager, second), post("44444444444444", "Четвёртый Г", workforceapi.Doctor, second),
		},
		responsible: []workforceapi.Responsible{
			{PIN: "22222222222222", PersonName: "Вторая Б", Duty: workforceapi.RollOut, Organisation: formtest.Hospital},
			{PIN: "22222222222222", PersonName: "Вторая Б", Duty: workforceapi.Monitoring, Organisation: formtest.Hospital},
		},
		ways: map[string][]insuranceapi.Ways{
			"2026-11": {{Organisation: formtest.Hospital, Exchange: 9, Hand: 1}, {Organisation: second, Hand: 4}},
			"2026-05": {{Organisation: second, Hand: 100}}, // not asked for, and outside the share
		},
	}
	r := &Rollout{Desk: w.Desk, Register: n, Fund: n, Messages: n}
	r.Desk.Queue.Handle(messageJob, job.Policy{}, r.send)
	r.Desk.Queue.Handle(inviteJob, job.Policy{}, r.invite)
	return r, n
}

func as(ctx context.Context, role workforceapi.Role, organisation string) context.Context {
	s := formtest.Staff(formtest.HeadPIN, formtest.HeadName, role)
	s.Post.Organisation = organisation
	return desk.With(ctx, s)
}

// MC-8: the schedule is the order's, every region and the national level once;
// where its texts disagree both readings are there.
func TestTheScheduleIsTheOrders(t *testing.T) {
	lines, err := parse(schedule)
	if err != nil {
		t.Fatal(err)
	}
	byCode := map[string]Line{}
	for _, l := range lines {
		if _, twice := byCode[l.Line]; twice {
			t.Errorf("%s stands twice", l.Line)
		}
		byCode[l.Line] = l
		if l.Source == "" || l.Whom.KY == "" || l.Whom.RU == "" || l.Whom.EN == "" || l.Responsible.KY == "" {
			t.Errorf("%s lacks words or its source", l.Line)
		}
		if l.Format != "" && !slices.Contains(Formats, l.Format) {
			t.Errorf("%s: format %s", l.Line, l.Format)
		}
	}
	for _, l := range lines {
		if _, ok := byCode[l.Beside]; l.Beside != "" && !ok {
			t.Errorf("%s is another reading of nothing", l.Line)
		}
	}
	for _, region := range Regions {
		for _, level := range []string{"regional", "district"} {
			n := 0
			for _, l := range lines {
				if l.Stage == 2 && l.For(workforceapi.Organisation{Region: region.Code + "000000000", Level: level}) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s, %s: %d lines of the second stage", region.Code, level, n)
			}
		}
	}
	if l := byCode["2-national"]; !l.For(workforceapi.Organisation{Region: "41711000000000", Level: "national"}) || byCode["2-bishkek"].For(workforceapi.Organisation{Region: "41711000000000", Level: "national"}) {
		t.Errorf("the national level has a line of its own: %+v", l)
	}
	if a, b := byCode["duty-report"], byCode["duty-report-ky"]; a.Until == b.Until || b.Beside != a.Line {
		t.Error("the two texts of item 9 name two days")
	}
}

// Of many who change one version of a line, one wins; the others are told, and
// what was written before stays to be read.
func TestALineIsChangedOnce(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		world(t, w)
		ctx := as(t.Context(), workforceapi.Operator, "900002")
		c := Change{Line: "2-talas", Version: 1, From: clock.Date{Year: 2025, Month: 11, Day: 10}, Until: clock.Date{Year: 2026, Month: 1, Day: 31}, Format: "mixed", Responsible: text.Same("Талас ЦКУЗ"), Source: "письмо", Reason: "нет связи"}
		var wait sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wait.Go(func() { errs[i] = Reschedule(ctx, w.Desk, c) })
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		}
		versions, err := history(ctx, w.Desk.DB.Read, "2-talas")
		if err != nil || won != 1 || len(versions) != 2 || versions[0].Until != c.Until || versions[1].Until.Month != 12 {
			t.Fatalf("%d won, %+v, %v", won, versions, err)
		}
		if err := Seed(t.Context(), w.Desk.DB, w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		lines, err := Schedule(ctx, w.Desk.DB.Read)
		if err != nil || !slices.ContainsFunc(lines, func(l Line) bool { return l.Line == "2-talas" && l.Version == 2 }) {
			t.Errorf("a start of the program took the change back: %v", err)
		}
		c.Version, c.Until = 2, clock.Date{Year: 2025, Month: 1, Day: 1}
		if err := Reschedule(ctx, w.Desk, c); !fail.Is(err, fail.Invalid) {
			t.Errorf("it ends before it begins: %v", err)
		}
	})
}

// MC-7, MC-8: what an organisation is behind with, those furthest behind first.
func TestStateOfTheCountry(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		r, _ := world(t, w)
		w.Stay(w.Patient(formtest.PIN(1))) // for two days without a diary
		for _, step := range []func(context.Context, job.Job) error{r.measure, r.copyCounts} {
			if err := step(t.Context(), job.Job{}); err != nil {
				t.Fatal(err)
			}
		}
		c, err := Of(t.Context(), w.Desk, "")
		if err != nil || len(c.States) != 2 {
			t.Fatalf("%+v %v", c.States, err)
		}
		far, near := c.States[0], c.States[1]
		if far.Organisation.Code != second || !slices.Equal(far.Behind, []string{NoResponsible, Untrained, Unconnected, LowShare}) || far.ByHand != 4 {
			t.Errorf("not begun: %+v", far.Behind)
		}
		if !slices.Equal(near.Behind, []string{Untrained, Gaps}) || near.Staff != 2 || near.Responsible != 1 || near.ByCard != 9 {
			t.Errorf("at work: %+v %+v", near.Behind, near.Counts)
		}
		if near.Line.Line != "2-national" || far.Line.Line != "2-osh" {
			t.Errorf("lines %s, %s", near.Line.Line, far.Line.Line)
		}
		sum := 0
		for _, g := range c.Grouped(regionCodes(), regionCode) {
			sum += g.Organisations
		}
		if levels := c.Grouped(Levels, levelCode); sum != 2 || levels[0].Connected != 1 || levels[1].Connected != 0 {
			t.Errorf("%d by region, %+v", sum, levels)
		}
		if only := c.Only("41721", ""); len(only.States) != 1 || len(c.States) != 2 {
			t.Error("a filter changed the country")
		}
		// Before the order's days nobody is behind with them.
		early := far.lags(map[string]Line{lineTransition: {Until: clock.Date{Year: 2025, Month: 12, Day: 31}}}, 90, clock.Date{Year: 2025, Month: 12, Day: 1})
		if slices.Contains(early, Unconnected) || slices.Contains(early, Untrained) {
			t.Errorf("behind before the day: %v", early)
		}
		// Management sees its own organisation alone.
		if _, _, err := r.organisation(as(t.Context(), workforceapi.Manager, second), formtest.Hospital); !fail.Is(err, fail.NotFound) {
			t.Errorf("another's: %v", err)
		}
		if s, _, err := r.organisation(as(t.Context(), workforceapi.Manager, second), second); err != nil || s.Organisation.Code != second {
			t.Errorf("one's own: %v", err)
		}
	})
}

// However often and by however many it is asked, a person is reminded of a
// matter once a period; nobody by name stands in a reminder.
func TestRemindersGoOnceAPeriod(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		r, n := world(t, w)
		w.Stay(w.Patient(formtest.PIN(1)))
		for _, step := range []func(context.Context, job.Job) error{r.measure, r.copyCounts} {
			if err := step(t.Context(), job.Job{}); err != nil {
				t.Fatal(err)
			}
		}
		var wait sync.WaitGroup
		errs := make([]error, 5)
		for i := range errs {
			wait.Go(func() { errs[i] = r.remind(t.Context(), job.Job{}) })
		}
		wait.Wait()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		if err := w.Desk.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The first: untrained and a diary, to one person; the second: four lags, to its management.
		if len(n.sent) != 6 {
			t.Fatalf("%d sent: %+v", len(n.sent), n.sent)
		}
		for _, m := range n.sent {
			if strings.Contains(m.ID, m.PIN) || strings.Contains(m.Body.RU, "Жумабеков") || strings.HasPrefix(m.Body.RU, "[") || m.Body.KY == m.Body.RU {
				t.Errorf("%+v", m)
			}
		}
		// On each of the next six days nothing, whatever day of the week that is; on
		// the seventh again.
		for day, want := range []int{6, 6, 6, 6, 6, 6, 12, 12, 12} {
			w.Clock.Advance(24*time.Hour - time.Minute)
			if err := r.remind(t.Context(), job.Job{}); err != nil {
				t.Fatal(err)
			}
			if err := w.Desk.Queue.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(n.sent) != want {
				t.Errorf("%d sent after %d days, want %d", len(n.sent), day+1, want)
			}
		}
	})
}

// A session: its people come from НИСУР once each, attendance is marked after
// it, and an organisation sees and marks its own people alone.
func TestTrainingWithAttendance(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		r, n := world(t, w)
		centre, manager := as(t.Context(), workforceapi.Operator, "900002"), as(t.Context(), workforceapi.Manager, second)
		once := id.New()
		at := w.Clock.Now().Add(time.Hour)
		for range 2 {
			if got, err := Hold(centre, w.Desk, once, Training{Topic: "История болезни", At: at, Format: "online", Place: "https://call.example", Trainer: "Сыдыков", Line: "1-centres"}); err != nil || got != once {
				t.Fatal(err)
			}
			for _, organisation := range []string{formtest.Hospital, second} {
				if _, err := r.Invite(centre, once, organisation); err != nil {
					t.Fatal(err)
				}
			}
		}
		people, err := attendees(centre, w.Desk.DB.Read, once, "")
		if err != nil || len(people) != 4 {
			t.Fatalf("%+v %v", people, err)
		}
		if err := w.Desk.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(n.sent) != 4 {
			t.Errorf("%d of 4 were told of the session: %+v", len(n.sent), n.sent)
		}
		for _, m := range n.sent {
			for _, said := range []string{m.Body.KY, m.Body.RU, m.Body.EN} {
				if !strings.Contains(said, "История болезни") || !strings.Contains(said, text.Moment(at)) || !strings.Contains(said, "https://call.example") || strings.Contains(said, m.PIN) || strings.Contains(m.ID, m.PIN) {
					t.Errorf("the invitation: %s %q", m.ID, said)
				}
			}
		}
		if err := r.Attendance(manager, once, nil); !fail.Is(err, fail.Conflict) {
			t.Errorf("before it took place: %v", err)
		}
		w.Clock.Advance(2 * time.Hour)
		if err := r.Attendance(centre, once, []string{"11111111111111"}); err != nil {
			t.Fatal(err)
		}
		if err := r.Attendance(manager, once, []string{"44444444444444", "22222222222222"}); err != nil {
			t.Fatal(err)
		}
		own, err := Find(manager, w.Desk, once)
		if err != nil || own.Invited != 2 || own.Came != 1 {
			t.Errorf("its own: %+v %v", own, err)
		}
		if all, err := Find(centre, w.Desk, once); err != nil || all.Invited != 4 || all.Came != 2 {
			t.Errorf("all: %+v %v", all, err)
		}
		if _, err := Find(as(t.Context(), workforceapi.Manager, "950999"), w.Desk, once); !fail.Is(err, fail.NotFound) {
			t.Errorf("a stranger's: %v", err)
		}
		if _, err := Hold(centre, w.Desk, id.New(), Training{Topic: "x", At: at, Format: "online", Place: "x", Trainer: "x", Line: "none"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("a line that is not there: %v", err)
		}
		counts, err := countsOf(t.Context(), w.Desk.DB.Read, "2026-01")
		if err != nil || counts[second].Trained != 1 || counts[formtest.Hospital].Trained != 1 {
			t.Errorf("%+v %v", counts, err)
		}
		for _, p := range people {
			if p.Post.KY == "" || p.Post.KY == p.Post.RU || p.Post.EN == "" {
				t.Errorf("the post of an invited person is not kept in every language: %+v", p.Post)
			}
		}
		if old := postOf("Врач-терапевт"); old.KY != "Врач-терапевт" || old.RU != "Врач-терапевт" {
			t.Errorf("a post of before: %+v", old)
		}
		v := trainingOf{Training: own, People: people, Names: map[string]string{}}
		paper, err := v.sheet(text.With(t.Context(), w.Desk.Site.Texts, text.KY))
		if err != nil || len(paper) < 1000 {
			t.Errorf("the sheet: %d bytes, %v", len(paper), err)
		}
	})
}

// Sessions are led through by pages, each once, those of one hour too.
func TestEverySessionIsReached(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		world(t, w)
		centre := as(t.Context(), workforceapi.Operator, "900002")
		const all = 7
		for i := range all {
			at := w.Clock.Now().AddDate(0, 0, i/3)
			if _, err := Hold(centre, w.Desk, id.New(), Training{Topic: "x", At: at, Format: "online", Place: "x", Trainer: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		seen, last := map[string]bool{}, Training{}
		for range all {
			page, err := trainings(centre, w.Desk.DB.Read, "", "", last, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range page {
				if seen[one.ID] || (!last.At.IsZero() && one.At.After(last.At)) {
					t.Errorf("%s stands twice or out of order", one.ID)
				}
				seen[one.ID], last = true, one
			}
		}
		if len(seen) != all {
			t.Errorf("%d of %d sessions are reached", len(seen), all)
		}
	})
}
