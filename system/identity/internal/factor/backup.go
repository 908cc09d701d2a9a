package factor

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/shown"
)

// What people are told about backup codes.
const (
	BackupMade notice.Kind = "backup_made"
	BackupUsed notice.Kind = "backup_used"
	BackupFew  notice.Kind = "backup_few"
)

const (
	backupCount = 10 // ID-4
	backupFew   = 3  // so many left, or fewer, and the person is reminded
	// Crockford's base 32: no letter that is taken for a digit.
	backupAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	backupLength   = 10 // characters: 50 bits
)

// Backups are the backup codes.
type Backups struct {
	DB       *db.DB
	Clock    clock.Clock
	Box      *seal.Box
	Accounts *account.Accounts
	Notices  *notice.Notices
	Door     *door.Door
	Shown    *shown.Once
}

// shownCodes is where a new set is shown.
const shownCodes = "backup codes"

// Make gives the account a new set; the old one serves no more. The codes are
// shown in the session of the sid, until the person has them (Kept): what stays
// are keyed hashes. They are random enough that a keyed hash, unlike a password's,
// need not be slow.
func (b *Backups) Make(ctx context.Context, a account.Account, sid string, place notice.Place) ([]string, error) {
	codes := make([]string, 0, backupCount)
	hashes := make([]string, 0, backupCount)
	for range backupCount {
		code := newCode()
		hash, err := b.hash(a.ID, code)
		if err != nil {
			return nil, err
		}
		codes, hashes = append(codes, code[:5]+"-"+code[5:]), append(hashes, hash)
	}
	err := b.Door.Change(ctx, a, BackupMade, "", place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		if err := b.replace(ctx, tx, before.ID, hashes); err != nil {
			return err
		}
		return b.Shown.Put(ctx, tx, sid, shownCodes, strings.Join(codes, " "))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// New is the set that was just made in the session of the sid; nil when there is
// none, or the person has it.
func (b *Backups) New(ctx context.Context, sid string) ([]string, error) {
	codes, err := b.Shown.Get(ctx, sid, shownCodes)
	return strings.Fields(codes), err
}

// Kept ends the showing of the new set: the person has it.
func (b *Backups) Kept(ctx context.Context, sid string) error {
	return b.Shown.Drop(ctx, sid, shownCodes)
}

func newCode() string {
	random := make([]byte, backupLength)
	_, _ = rand.Read(random) // never fails since Go 1.24
	for i, each := range random {
		random[i] = backupAlphabet[int(each)%len(backupAlphabet)] // 256 is a multiple of 32: no bias
	}
	return string(random)
}

func (b *Backups) hash(accountID, code string) (string, error) {
	return b.Box.Token("backup code", accountID+" "+code)
}

// plainCode is the code as it was made, however it was copied: with blanks or
// dashes, in capitals, with letters that look like its digits. "" when it is none.
func plainCode(typed string) string {
	var plain strings.Builder
	for _, r := range strings.ToLower(typed) {
		switch r {
		case ' ', '-', '–', '\u00a0', '\t':
			continue
		case 'o':
			r = '0'
		case 'i', 'l':
			r = '1'
		}
		if !strings.ContainsRune(backupAlphabet, r) || plain.Len() == backupLength {
			return ""
		}
		plain.WriteRune(r)
	}
	if plain.Len() != backupLength {
		return ""
	}
	return plain.String()
}

// Check takes a code: a right one serves this once, and the person is told that
// it was used, and when few are left. A wrong one is a finding of "code".
func (b *Backups) Check(ctx context.Context, a account.Account, typed string, place notice.Place) error {
	plain := plainCode(typed)
	if plain == "" {
		return finding("code", "identity.backup.form")
	}
	hash, err := b.hash(a.ID, plain)
	if err != nil {
		return err
	}
	right := false
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if right, err = b.spend(ctx, tx, a.ID, hash); err != nil || !right {
			return err
		}
		left, err := b.left(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if err := b.Notices.Tell(ctx, tx, a, BackupUsed, "", place); err != nil || left > backupFew {
			return err
		}
		return b.Notices.Tell(ctx, tx, a, BackupFew, "", place)
	})
	if err == nil && !right {
		err = finding("code", "identity.backup.wrong")
	}
	return err
}

// Left is how many codes may still be used.
func (b *Backups) Left(ctx context.Context, accountID string) (int, error) {
	return b.left(ctx, b.DB.Read, accountID)
}
