package rollout

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Demo holds two sessions and puts a third down for later, once; ctx is of
// ЦЭЗ's operator. At the first everybody of the first organisation came, at the
// second half of each. Then it has everything counted.
func (r *Rollout) Demo(ctx context.Context, organisations ...string) error {
	known, err := trainings(ctx, r.Desk.DB.Read, "", "", Training{}, 1)
	if err != nil || len(known) > 0 {
		return err
	}
	now, trainer := r.Desk.Clock.Now().Truncate(time.Hour), desk.Of(ctx).Name
	for i, t := range []Training{
		{Topic: "История болезни и форма 066/у в карте", At: now.AddDate(0, 0, -40), Format: "online", Place: "https://vks.example/karta", Line: "2-bishkek"},
		{Topic: "Обменная карта, направления, листок нетрудоспособности", At: now.AddDate(0, 0, -12), Format: "onsite", Place: "Бишкек, ЦЭЗ, зал 2", Line: "2-chui"},
		{Topic: "Разбор возвращённых фондом случаев", At: now.AddDate(0, 0, 5), Format: "online", Place: "https://vks.example/razbor"},
	} {
		t.Trainer = trainer
		trainingID, err := Hold(ctx, r.Desk, id.New(), t)
		if err != nil {
			return err
		}
		var came []string
		for n, organisation := range organisations {
			if _, err := r.Invite(ctx, trainingID, organisation); err != nil {
				return err
			}
			people, err := attendees(ctx, r.Desk.DB.Read, trainingID, organisation)
			if err != nil {
				return err
			}
			for k, p := range people {
				if i == 0 && n == 0 || i == 1 && k%2 == 0 {
					came = append(came, p.PIN)
				}
			}
		}
		if err := r.Attendance(ctx, trainingID, came); err != nil && !fail.Is(err, fail.Conflict) {
			return err
		}
	}
	return r.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, kind := range []string{copyJob, measureJob} {
			if _, err := r.Desk.Queue.Add(ctx, tx, kind, struct{}{}, job.Options{Unique: "demo", Subject: "demo"}); err != nil {
				return err
			}
		}
		return nil
	})
}
