package discharge

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// post is a message system that is away once after it has taken the message.
type post struct{ sent []messageapi.Message }

func (p *post) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	p.sent = append(p.sent, m)
	if len(p.sent) == 1 {
		return messageapi.Receipt{}, errors.New("the connection broke")
	}
	return messageapi.Receipt{ID: m.ID}, nil
}

func cardWords(t *testing.T) *text.Catalogue {
	t.Helper()
	words, err := text.Load(design.Texts, os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// A repetition has the same id, so that the patient gets one message.
func TestNotifyIsRepeatedUnderOneID(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		p := &post{}
		w.Desk.Site.Texts = cardWords(t)
		w.Desk.Queue.Handle(NotifyJob, job.Policy{}, Notifier{Desk: w.Desk, Messages: p, Portal: "http://portal/x"}.Notify)
		w.Desk.Queue.Handle(form.HandoverJob, job.Policy{}, func(context.Context, job.Job) error { return nil })
		if _, err := Discharge(formtest.Doctor(t.Context()), w.Desk, w.Ready(formtest.PatientPIN), better(w)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := w.Desk.Queue.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(time.Minute)
		}
		if len(p.sent) != 2 || p.sent[0].ID != p.sent[1].ID || p.sent[0].PIN != formtest.PatientPIN || p.sent[0].Link != "http://portal/x" ||
			p.sent[0].Subject.KY == "" || p.sent[0].Body.RU == p.sent[0].Body.KY {
			t.Fatalf("%+v", p.sent)
		}
	})
}
