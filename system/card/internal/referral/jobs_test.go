package referral

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

var policyOfTests = job.Policy{MaxAttempts: 20, FirstDelay: time.Millisecond, MaxDelay: time.Millisecond}

// inbox takes messages, each id once.
type inbox struct {
	all  []messageapi.Message
	away bool
}

func (b *inbox) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	if b.away {
		return messageapi.Receipt{}, fail.New(fail.Unavailable, "kit.neighbor_away")
	}
	for _, known := range b.all {
		if known.ID == m.ID {
			return messageapi.Receipt{ID: m.ID}, nil
		}
	}
	b.all = append(b.all, m)
	return messageapi.Receipt{ID: m.ID}, nil
}

func drain(t testing.TB, d *desk.Desk) {
	t.Helper()
	if err := d.Queue.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// closeBy closes the referral by the stay, as the reception does.
func closeBy(w world, referralID, stayID string) error {
	return w.desk.DB.Tx(w.receiver(), func(ctx context.Context, tx *sql.Tx) error {
		return Drawer{w.desk}.Close(ctx, tx, referralID, w.patient, second, stayID)
	})
}

// The patient is told of each step once, in three languages; nothing medical
// stands in it but what the receiver wrote for them, and the short message names
// neither place nor number.
func TestThePatientIsToldOfEachStep(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		r := w.send(w.writing())
		at := w.clock.Now().Add(48 * time.Hour)
		if err := Accept(w.receiver(), w.desk, Acting{r.ID, 1}, at, "Натощак"); err != nil {
			t.Fatal(err)
		}
		if err := Refuse(w.receiver(), w.desk, Acting{r.ID, 2}, "Пневмония не подтверждена"); err != nil {
			t.Fatal(err)
		}
		told := w.runJobs()
		if len(told) != 6 {
			t.Fatalf("%d messages", len(told))
		}
		for _, m := range told {
			for _, said := range []string{m.Body.KY, m.Body.RU, m.Body.EN} {
				if said == "" || m.PIN != patientPIN {
					t.Errorf("%+v", m)
				}
				for _, secret := range []string{"J18", "невмони", "Терапия", "Жумабеков", patientPIN} {
					if strings.Contains(said, secret) {
						t.Errorf("%q tells %q", said, secret)
					}
				}
				short := m.Channels[0] == messageapi.SMS
				if noted := strings.Contains(said, "Натощак"); noted != (!short && strings.Contains(said, "24.11.2026 14:00")) {
					t.Errorf("what to bring is not told with the day, or told elsewhere: %q", said)
				}
				if names := strings.Contains(said, "Больница"); short && (names || strings.Contains(said, r.Number[:7])) {
					t.Errorf("the short message tells: %q", said)
				}
			}
		}
		if !strings.Contains(told[2].Body.RU+told[3].Body.RU, "24.11.2026 14:00") {
			t.Errorf("the day is not told: %q %q", told[2].Body.RU, told[3].Body.RU)
		}
	})
}
