package factor_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
)

func (w *world) codesMade() []string {
	w.t.Helper()
	codes, err := w.backups.Make(context.Background(), w.account(), "session", here)
	if err != nil {
		w.t.Fatal(err)
	}
	return codes
}

func (w *world) use(code string) string {
	return keyOf(w.backups.Check(context.Background(), w.account(), code, here))
}

func TestBackupCodesServeOnceEachAndAreKeptHashed(t *testing.T) { // ID-4
	each(t, func(t *testing.T, w *world) {
		codes := w.codesMade()
		slices.Sort(codes)
		if len(slices.Compact(codes)) != 10 {
			t.Fatal(codes)
		}
		var hashes []string
		rows, err := w.db.Read.QueryContext(context.Background(), `SELECT hash FROM backup_code`)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var hash string
			if err := rows.Scan(&hash); err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, hash)
		}
		if err := rows.Err(); err != nil || len(hashes) != 10 {
			t.Fatal(err, hashes)
		}
		for _, code := range codes {
			if strings.Contains(strings.Join(hashes, " "), strings.ReplaceAll(code, "-", "")) {
				t.Fatal("a code is kept as it is")
			}
		}
		if got := w.use(codes[0]); got != "" {
			t.Fatal(got)
		}
		if got := w.use(codes[0]); got != "code identity.backup.wrong" {
			t.Fatal("a code served twice", got)
		}
		// However it is copied.
		if got := w.use(" " + strings.ToUpper(strings.ReplaceAll(codes[1], "-", " "))); got != "" {
			t.Fatal(got)
		}
		swapped := strings.NewReplacer("0", "o", "1", "l").Replace(codes[2])
		if got := w.use(swapped); got != "" {
			t.Fatal(swapped, got)
		}
		for typed, want := range map[string]string{"": "code identity.backup.form", "123456": "code identity.backup.form", "zzzzz-zzzzz": "code identity.backup.wrong", strings.Repeat("a", 5000): "code identity.backup.form"} {
			if got := w.use(typed); got != want {
				t.Errorf("%.20q: %s", typed, got)
			}
		}
		if left, err := w.backups.Left(context.Background(), w.account().ID); left != 7 || err != nil {
			t.Fatal(left, err)
		}
		if got := w.told(); !slices.Equal(got, []notice.Kind{factor.BackupUsed, factor.BackupUsed, factor.BackupUsed, factor.BackupMade}) {
			t.Fatal(got)
		}
	})
}

func TestTwoUsesOfOneBackupCodeAtOnceAreOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		code := w.codesMade()[0]
		var wait sync.WaitGroup
		right := make(chan bool, 8)
		a := w.account()
		for range 8 {
			wait.Go(func() { right <- w.backups.Check(context.Background(), a, code, here) == nil })
		}
		wait.Wait()
		close(right)
		count := 0
		for each := range right {
			if each {
				count++
			}
		}
		if count != 1 {
			t.Fatalf("%d of 8 uses were taken", count)
		}
	})
}

func TestANewSetEndsTheOldAndFewLeftIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := w.codesMade()
		codes := w.codesMade()
		if got := w.use(old[0]); got != "code identity.backup.wrong" {
			t.Fatal("the old set serves still", got)
		}
		for i, code := range codes[:8] {
			if got := w.use(code); got != "" {
				t.Fatal(got)
			}
			if few := slices.Contains(w.told(), factor.BackupFew); few != (i >= 6) {
				t.Fatalf("after %d uses told of few: %v", i+1, few)
			}
		}
	})
}

func TestABackupCodeOfAnotherAccountIsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		code := w.codesMade()[0]
		other := account.Account{ID: "somebody-else"}
		if err := w.backups.Check(context.Background(), other, code, here); keyOf(err) != "code identity.backup.wrong" {
			t.Fatal(err)
		}
	})
}
