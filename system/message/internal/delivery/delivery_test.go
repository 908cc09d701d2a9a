package delivery

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/message/migration"
)

// A one-time code sent two ways: whichever delivery ends last erases the text,
// also when both end at the same moment.
func TestASecretIsErasedHoweverItsDeliveriesEnd(t *testing.T) {
	dbtest.Each(t, "message", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
		s := &Service{DB: d, Clock: now, Log: slog.New(slog.DiscardHandler), Queue: job.New(d, now, slog.New(slog.DiscardHandler), job.Config{})}
		words := text.Words{KY: "Код: 123456", RU: "Код: 123456"}
		for range 30 {
			messageID := "m" + time.Now().Format("150405.000000000")
			deliveries := []string{messageID + "-sms", messageID + "-email"}
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				m := messageapi.Message{ID: messageID, Subject: words, Body: words, Secret: true}
				if _, _, err := insertMessage(ctx, tx, messageID, "identity", "digest", m, now.Now()); err != nil {
					return err
				}
				for i, channel := range []messageapi.Channel{messageapi.SMS, messageapi.Email} {
					if err := insertDelivery(ctx, tx, deliveries[i], messageID, channel, "+996700100217", Waiting, now.Now()); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			for _, deliveryID := range deliveries {
				open, err := findDelivery(t.Context(), d.Read, deliveryID)
				if err != nil {
					t.Fatal(err)
				}
				both.Go(func() {
					if err := s.end(t.Context(), open, Delivered, ""); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			var body, address string
			err = d.Read.QueryRowContext(t.Context(), `SELECT m.body, MAX(d.address) FROM message m JOIN delivery d ON d.message_id = m.id WHERE m.id = $1 GROUP BY m.body`, messageID).Scan(&body, &address)
			if err != nil || body != "" || address != "" {
				t.Fatalf("left behind: %q to %q, %v", body, address, err)
			}
		}
	})
}
