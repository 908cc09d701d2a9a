package node

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
)

// Room is what the centre does with a node's row when both sides have done the
// same while the line was cut, and the database lets only one have it
// (docs/decisions/0026). Nothing that somebody has signed or done is lost by it:
//
//   - a second form 066/у of one stay is voided: the fund may have the centre's,
//     which it is spoken to about by the centre alone;
//   - a dose that both gave stands as given twice, the node's beside the hours;
//   - versions, steps and results get the next number;
//   - of two main diagnoses and of two people in one bed the node's stands, for it
//     is where the hospital works: the centre's ends, the other lies without a bed
//     until somebody gives them one;
//   - of two codes of one exchange card the later opens it, as with a line;
//   - the node's record of a pregnancy stands closed beside the centre's, the
//     node's birth beside the centre's as another child: people are asked;
//   - of one merge done twice the centre's stands, with what the node led over.
func Room(c clock.Clock, texts *text.Catalogue) map[string]merge.Room {
	root := renumbered("version", "root")
	return map[string]merge.Room{
		"form": voided(c, texts), "order_mark": beside, "diagnosis": instead(c), "stay": bed,
		"entry": root, "operation": root, "observation": root, "antenatal_part": root, "answer": renumbered("version", "request_id"),
		"referral_step": step, "referral_result": renumbered("position", "referral_id"),
		"exchange_card": later, "pregnancy": second(c, texts), "newborn": nextChild, "patient_merge": mergedTwice(c, texts),
	}
}

// renumbered gives the row the next number of those that have the same group.
func renumbered(number, group string) merge.Room {
	return func(ctx context.Context, tx *sql.Tx, table string, row capture.Row) (bool, error) {
		last, err := lastOf(ctx, tx, table, number, group, row.String(group))
		row[number] = last + 1
		return true, err
	}
}

// step gives the step of a referral the next number, which the referral has too.
func step(ctx context.Context, tx *sql.Tx, table string, row capture.Row) (bool, error) {
	last, err := lastOf(ctx, tx, table, "seq", "referral_id", row.String("referral_id"))
	if err != nil {
		return false, err
	}
	row["seq"] = last + 1
	return true, stepped(ctx, tx, row.String("referral_id"), last+1)
}

func voided(c clock.Clock, texts *text.Catalogue) merge.Room {
	return func(ctx context.Context, tx *sql.Tx, _ string, row capture.Row) (bool, error) {
		other, ok, err := form.Valid(ctx, tx, row.String("stay_id"), "")
		if err != nil || !ok || other.Number == row.String("number") {
			return false, err
		}
		row["state"], row["voided_at"], row["voided_by"] = form.Voided, db.Micros(c.Now()), ""
		row["void_reason"] = bilingual(texts, "card.node.both_discharged", form.Grouped(other.Number))
		return true, nil
	}
}

// beside takes the mark out of the hours of the order.
func beside(_ context.Context, _ *sql.Tx, _ string, row capture.Row) (bool, error) {
	row["due_at"] = int64(0)
	return true, nil
}

func instead(c clock.Clock) merge.Room {
	return func(ctx context.Context, tx *sql.Tx, _ string, row capture.Row) (bool, error) {
		return true, endOtherMain(ctx, tx, row, c.Now())
	}
}

// bed takes the other patient out of the bed; who lies elsewhere at once waits.
func bed(ctx context.Context, tx *sql.Tx, _ string, row capture.Row) (bool, error) {
	elsewhere, err := liesElsewhere(ctx, tx, row)
	if err != nil || elsewhere {
		return false, err
	}
	return true, freeBed(ctx, tx, row)
}
