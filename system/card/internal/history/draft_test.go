package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/writing"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// A draft is kept for its author alone and goes with the signature; autosave
// that comes after the signature does not bring it back.
func TestDraft(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		in := Draft{Once: id.New(), Kind: Diary, At: "2026-11-22T10:00", Body: "Начато"}
		for _, body := range []string{"Начато", "Начато и продолжено"} {
			in.Body = body
			if err := SaveDraft(ctx, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		found, err := OwnDraft(ctx, w.Desk, stayID)
		if err != nil || found == nil || found.Body != "Начато и продолжено" || found.Once != in.Once || found.SavedAt.IsZero() {
			t.Fatalf("%+v %v", found, err)
		}
		if other, err := OwnDraft(formtest.Head(t.Context()), w.Desk, stayID); other != nil || err != nil {
			t.Fatalf("another's draft: %+v %v", other, err)
		}
		elsewhere := formtest.Staff(formtest.DoctorPIN, formtest.DoctorName, workforceapi.Doctor)
		elsewhere.Post.Organisation = "950201"
		if err := SaveDraft(desk.With(t.Context(), elsewhere), w.Desk, stayID, in); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
		if err := Write(ctx, w.Desk, stayID, Writing{Once: in.Once, Kind: Diary, Body: in.Body, At: w.Clock.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := SaveDraft(ctx, w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		if n := w.Int(`SELECT COUNT(*) FROM entry_draft`); n != 0 {
			t.Fatalf("%d drafts of what is signed", n)
		}
		in.Once = id.New()
		if err := SaveDraft(ctx, w.Desk, stayID, in); err != nil || w.Int(`SELECT COUNT(*) FROM entry_draft`) != 1 {
			t.Fatal(err)
		}
		if err := DropDraft(ctx, w.Desk, stayID); err != nil || w.Int(`SELECT COUNT(*) FROM entry_draft`) != 0 {
			t.Fatal(err)
		}
	})
}

// MC-1: what was carried forward is marked line by line, whatever the page says.
func TestCarryForward(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		first := Writing{Once: id.New(), Kind: Diary, Body: "Жалоб нет.\nТ 36,6.\n\nЖивот мягкий.", At: now}
		if err := Write(ctx, w.Desk, stayID, first); err != nil {
			t.Fatal(err)
		}
		second := Writing{Once: id.New(), Kind: Diary, Body: "Жалоб нет.\n\nТ 37,1.\nЖивот мягкий.", At: now, CopiedFrom: first.Once}
		third := Writing{Once: id.New(), Kind: Diary, Body: "Всё иначе.", At: now, CopiedFrom: first.Once}
		for _, in := range []Writing{second, third} {
			if err := Write(ctx, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		e, err := FindEntry(t.Context(), w.Desk.DB.Read, stayID, second.Once)
		if err != nil || e.CopiedFrom != first.Once || fmt.Sprint(e.CopiedLines) != "[0 2]" {
			t.Fatalf("%+v %v", e, err)
		}
		if lines := e.lines(); len(lines) != 3 || !lines[0].Copied || lines[1].Copied || !lines[2].Copied {
			t.Fatalf("%+v", lines)
		}
		if e, err = FindEntry(t.Context(), w.Desk.DB.Read, stayID, third.Once); err != nil || e.CopiedFrom != "" {
			t.Fatalf("%+v %v", e, err)
		}
		// A correction of the copy is marked anew.
		w.Clock.Advance(time.Minute)
		c := Correcting{Once: id.New(), Root: second.Once, Seen: 1, Body: "Жалоб нет.\nЖивот вздут.", At: now, Reason: "Описка"}
		if err := Correct(ctx, w.Desk, stayID, c); err != nil {
			t.Fatal(err)
		}
		if e, err = FindEntry(t.Context(), w.Desk.DB.Read, stayID, second.Once); err != nil || fmt.Sprint(e.CopiedLines) != "[0]" {
			t.Fatalf("%+v %v", e, err)
		}
		// Nothing can be carried forward out of another patient's record.
		other := w.Stay(w.Patient(formtest.PIN(7)))
		third.Once = id.New()
		if err := Write(ctx, w.Desk, other, third); !fail.Is(err, fail.BadRequest) {
			t.Fatal(err)
		}
	})
}

// A history of 200 entries is read by pages, by kind, by words and by day.
func TestReadByPages(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID, start := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now().Add(-47*time.Hour)
		var roots []string
		for i := range 200 {
			kind, body := Diary, fmt.Sprintf("Запись %d", i)
			if i == 3 {
				kind, body = Examination, "Тоны СЕРДЦА приглушены, өпкө таза"
			}
			at := start.Add(time.Duration(i) * 10 * time.Minute).UnixMicro()
			roots = append(roots, id.New())
			w.Exec(`INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
				VALUES ($1, $2, $3, $1, 1, '', $4, $5, $6, '', '', $5)`, roots[i], stayID, kind, body, at, formtest.DoctorPIN)
		}
		read := func(wish Wish) Part {
			part, err := Read(t.Context(), w.Desk.DB, stayID, wish)
			if err != nil {
				t.Fatal(err)
			}
			return part
		}
		first := read(Wish{})
		if first.All != 200 || first.Pages != 10 || len(first.Entries) != 20 || first.Entries[0].Root != roots[199] || first.Kinds[Diary] != 199 || first.Kinds[Examination] != 1 {
			t.Fatalf("%+v", first)
		}
		if last := read(Wish{Page: 99}); last.Page != 10 || last.Entries[19].Root != roots[0] {
			t.Fatal(last.Page, len(last.Entries))
		}
		if found := read(Wish{Words: "сердца ӨПКӨ"}); found.Found != 1 || found.Entries[0].Root != roots[3] {
			t.Fatalf("%+v", found)
		}
		if found := read(Wish{Kind: Examination, Words: "запись"}); found.Found != 0 || len(found.Entries) != 0 || found.Pages != 1 {
			t.Fatalf("%+v", found)
		}
		if found := read(Wish{PIN: formtest.HeadPIN}); found.Found != 0 {
			t.Fatalf("%+v", found)
		}
		if found := read(Wish{Root: roots[5]}); found.Page != 10 {
			t.Fatal(found.Page)
		}
		day := clock.DateOf(start)
		found := read(Wish{Day: day})
		lastOfDay := found.Entries[0]
		for _, e := range found.Entries {
			if clock.DateOf(e.At) == day {
				lastOfDay = e
				break
			}
		}
		if clock.DateOf(lastOfDay.At) != day {
			t.Fatalf("page %d has no entry of %s", found.Page, day)
		}
	})
}

// Two tabs of one person with one patient: neither takes anything away from the other.
func TestTwoTabsOfOneDoctor(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		first, second := Draft{Once: id.New(), Kind: Diary, Body: "Первая вкладка"}, Draft{Once: id.New(), Kind: Diary, Body: "Вторая вкладка"}
		if err := SaveDraft(ctx, w.Desk, stayID, first); err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{second.Body, ""} {
			second.Body = body
			if err := SaveDraft(ctx, w.Desk, stayID, second); !fail.Is(err, fail.Conflict) {
				t.Fatal("what was begun in the first tab was written over:", err)
			}
		}
		// The second tab signs: the first one's text is still there.
		in := Writing{Once: second.Once, Kind: Diary, Body: "Вторая вкладка", At: now}
		if err := Write(ctx, w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		draft, err := OwnDraft(ctx, w.Desk, stayID)
		if err != nil || draft == nil || draft.Body != first.Body {
			t.Fatalf("%+v %v", draft, err)
		}
		// The same page sent twice is one entry; the page sent again with another text
		// (both tabs went on with one draft, or the browser went back) is not thought
		// written.
		if err := Write(ctx, w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		in.Body = "Другой текст"
		err = Write(ctx, w.Desk, stayID, in)
		if !fail.Is(err, fail.Conflict) {
			t.Fatal("a text was lost without a word:", err)
		}
		form := page.NewForm("once", in.Once)
		writing.Renew(form, err)
		in.Once = form.Get("once")
		if err := Write(ctx, w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		correction := Correcting{Once: id.New(), Root: in.Once, Seen: 1, Body: "Исправлено", At: now, Reason: "Описка"}
		for range 2 {
			if err := Correct(ctx, w.Desk, stayID, correction); err != nil {
				t.Fatal(err)
			}
		}
		correction.Body = "Исправлено иначе"
		if err := Correct(ctx, w.Desk, stayID, correction); !fail.Is(err, fail.Conflict) {
			t.Fatal("a correction was lost without a word:", err)
		}
		if n := w.Int(`SELECT COUNT(*) FROM entry`); n != 3 {
			t.Fatal(n)
		}
	})
}
