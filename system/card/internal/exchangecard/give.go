// Package exchangecard is form 113/у, the exchange card that comes of a record of
// the room antenatal (MC-3): given to the woman at its week, opened by the
// maternity hospital, read by herself at the portal, printed, and closed by the
// tear-off that the hospital returns. Words: обменная карта / алмашуу картасы,
// отрывной талон / айрып алынуучу талон.
package exchangecard

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Given is a code under which the woman shows her card.
type Given struct {
	Code      string
	Early     string // why before its week
	At        time.Time
	ByName    string
	RevokedAt time.Time
}

// Opening is who opened the card.
type Opening struct {
	At           time.Time
	Organisation string
	ByName       string
	Basis        string
}

// noticeJob writes to the woman that her card is ready.
const noticeJob = "exchange-card-notice"

type noticeOf struct {
	Card string `json:"card"`
	PIN  string `json:"pin"`
}

// Give gives the woman her card: from its week on, or earlier with a reason. A
// card that was given already gets a new code and the old one opens nothing
// (the paper was lost).
func Give(ctx context.Context, d *desk.Desk, pregnancyID, early string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := antenatal.Hold(ctx, d, tx, pregnancyID)
		if err != nil {
			return err
		}
		if p.State != antenatal.Open {
			return fail.New(fail.Conflict, "card.antenatal.closed_already")
		}
		now, staff := d.Clock.Now(), desk.Of(ctx)
		today := clock.DateOf(now)
		milestone := gestation.MilestoneOn(gestation.GiveCard, today)
		due := p.Days(today) >= milestone.Days
		if !due && early == "" {
			return fail.Fields(fail.Finding{Field: "early", Key: "card.antenatal.early_why", Args: fail.Args("Day", text.Date(gestation.Plus(p.DatedFrom, milestone.Days)))})
		}
		why := early
		if due {
			why = ""
		}
		if err := revokeCodes(ctx, tx, p.ID, now); err != nil {
			return err
		}
		cardID := id.New()
		if err := insertCode(ctx, tx, cardID, p.ID, Given{Code: newCode(), Early: why, At: now, ByName: staff.Name}, staff.PIN); err != nil {
			return err
		}
		if p.GivenAt.IsZero() {
			if err := setGiven(ctx, tx, p.ID, now); err != nil {
				return err
			}
			if p.Patient.PIN != "" {
				if _, err := d.Queue.Add(ctx, tx, noticeJob, noticeOf{cardID, p.Patient.PIN}, job.Options{Unique: cardID, Subject: p.Number}); err != nil {
					return err
				}
			}
		}
		return d.Seen(ctx, tx, p.Patient.PIN, "antenatal.give", p.ID)
	})
}

// alphabet of codes: no letters or digits that are taken for each other.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newCode is 80 random bits in 16 signs: nobody guesses one.
func newCode() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	for i, b := range random {
		random[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(random)
}

// notify tells the woman that her card waits for her; own is where she finds it.
// It says nothing of the pregnancy: a message may be read over a shoulder.
func notify(d *desk.Desk, messages messageapi.API, own string) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		var about noticeOf
		if err := j.Bind(&about); err != nil {
			return err
		}
		words := d.Site.Texts.Words
		_, err := messages.Send(ctx, messageapi.Message{
			ID: "exchange-card-" + about.Card, PIN: about.PIN, Channels: []messageapi.Channel{messageapi.Mailbox},
			Subject: words("card.antenatal.notice_subject"), Body: words("card.antenatal.notice_body"), Link: own,
		})
		return err
	}
}
