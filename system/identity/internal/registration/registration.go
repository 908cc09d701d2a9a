// Package registration makes an account for a person who has none (ID-2): ПИН
// and passport, compared with the population register; the agreement; phone and
// e-mail, each confirmed by a code; a photo; «Регистрация». What a machine
// cannot decide waits for an operator (package proofing).
//
// Nobody learns here whether a ПИН exists or has an account: data that do not
// fit are refused in the same words whatever does not fit, and who registers a
// ПИН that has an account walks the same way to the page of those who wait for
// an operator, while the account's owner is told.
package registration

import (
	"context"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/face"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// How long things are kept. No law names these times; they are as short as the
// work allows.
var (
	// OpenFor is the time to finish a registration that was begun.
	OpenFor   = setting.Time("registration_life", 24*time.Hour, time.Hour, 168*time.Hour, "how long a registration may be finished, then it goes with its photos", "long enough for a lost evening")
	returnFor = setting.Time("registration_return", 336*time.Hour, 24*time.Hour, 2160*time.Hour, "how long the message's link leads back to a registration that an operator asked about", "people travel")
	// PhotosFor is how long those of a refused registration are kept.
	PhotosFor  = setting.Time("registration_photos", 720*time.Hour, 24*time.Hour, 2160*time.Hour, "how long photos of a refused registration and of the passport are kept", "the person may complain; nobody needs them afterwards")
	recordsFor = setting.Time("registration_records", 8760*time.Hour, 720*time.Hour, 43800*time.Hour, "how long a decided registration is kept, without photos", "who decided what")
	// photoTries is how many photos a machine may refuse before a person looks.
	photoTries = setting.Number("photo_tries", 3, 1, 10, "photos that the program refuses before an operator looks", "a machine may be wrong about a face, and nobody is shut out by it")
)

// The limits of registration.
var (
	checks       = throttle.Declare(throttle.Limit{Kind: "registration", Free: 6, Window: time.Hour, Lock: time.Minute, Longest: time.Hour})
	checksByHost = throttle.Declare(throttle.Limit{Kind: "registration-address", Free: 40, Window: 10 * time.Minute, Lock: time.Minute, Longest: time.Hour})
	photos       = throttle.Declare(throttle.Limit{Kind: "registration-photo", Free: 20, Window: time.Hour, Lock: time.Minute, Longest: time.Hour})
)

// State is how far it is.
type State string

// The states. Known looks like Waiting to whoever registers.
const (
	Open     State = "open"
	Waiting  State = "waiting" // for an operator
	Known    State = "known"   // the ПИН has an account
	Refused  State = "refused"
	Finished State = "finished" // the account is there
)

// Proof is how an operator's look at it stands.
type Proof string

// The proofs.
const (
	NotAsked     Proof = ""
	ProofWaiting Proof = "waiting"
	ProofAgain   Proof = "again" // another photo was asked for
	Approved     Proof = "approved"
	ProofRefused Proof = "refused"
)

// Claim is who the person says they are, where the register says otherwise.
type Claim struct {
	FamilyName string     `json:"family_name"`
	GivenName  string     `json:"given_name"`
	Patronymic string     `json:"patronymic"`
	BirthDate  clock.Date `json:"birth_date"`
	Words      string     `json:"words"` // what the person adds
}

// Doubts are why data may not fit.
var Doubts = []string{"new_passport", "changed_pin", "name", "other"}

// Registration is one.
type Registration struct {
	ID            string
	State         State
	Lang          text.Lang
	Flow          string // OpenID flow to go on with
	PIN           string
	Passport      string                // ID1234567
	Person        *populationapi.Person // as the register had it; nil when the data do not fit
	Doubt         string
	Claim         *Claim
	Agreement     string // version
	AgreementLang text.Lang
	AgreedAt      time.Time
	Phone         string
	PhoneAt       time.Time
	Email         string
	EmailAt       time.Time
	PhotoID       string
	PhotoAt       time.Time
	PhotoRefused  int
	PhotoDoubt    string // key of why the machine did not take it
	DocumentID    string
	AccountID     string
	epoch         int64 // the account's when this made or reopened it
	Proof         Proof
	AskedAt       time.Time
	DecidedAt     time.Time
	DecidedBy     string
	DecidedName   string
	Reason        string
	CreatedAt     time.Time
	Expires       time.Time

	version int64
}

// Sure says that a machine may decide: the data fit and the photo was taken.
func (r Registration) Sure() bool { return r.Person != nil && r.Doubt == "" && r.PhotoDoubt == "" }

// Registrations is the subject.
type Registrations struct {
	DB       *db.DB
	Clock    clock.Clock
	Queue    *job.Queue
	Box      *seal.Box
	Site     *page.Site
	Texts    *text.Catalogue
	Accounts *account.Accounts
	Throttle *throttle.Throttle
	Codes    *onetime.Codes
	Notices  *notice.Notices
	Door     *door.Door
	Faces    *face.Checker
	Messages messageapi.API
	Base     string // ЕСИ's address, for links
	// Person asks the population register. user is the ПИН of who asks, "" for
	// somebody who has not shown who they are.
	Person func(ctx context.Context, pin, user, purpose string) (populationapi.Person, error)
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
}

// changed is what two pages of one registration, sent at once, end with.
func changed() error { return fail.New(fail.Conflict, "identity.register.changed") }

// lookalikes are Cyrillic letters that people type for the Latin ones on their
// passport.
var lookalikes = strings.NewReplacer("А", "A", "В", "B", "С", "C", "Е", "E", "Н", "H", "К", "K", "М", "M", "О", "O", "Р", "P", "Т", "T", "Х", "X", "І", "I")

// spoken are the country's series, ID and AN, as they are said and then typed in
// Cyrillic: its Д looks like no Latin letter, its Н like another one.
var spoken = [][2]string{{"ИД", "ID"}, {"IД", "ID"}, {"АН", "AN"}, {"AН", "AN"}}

// ParsePassport takes series and number as people write them («id 123 45 67»,
// «ид 1234567») and gives ID1234567; a finding of the field "passport" when it is none.
func ParsePassport(typed string) (string, error) {
	s := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "№", "", "\u00a0", "").Replace(typed))
	for _, series := range spoken {
		if number, so := strings.CutPrefix(s, series[0]); so {
			s = series[1] + number
		}
	}
	s = lookalikes.Replace(s)
	if len(s) != 9 || strings.Trim(s[:2], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || strings.Trim(s[2:], "0123456789") != "" {
		return "", fail.Fields(fail.Finding{Field: "passport", Key: "identity.register.passport_form"})
	}
	return s, nil
}
