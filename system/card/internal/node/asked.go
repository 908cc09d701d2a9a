package node

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
)

// What a person may decide of a conflict.
const (
	takeOurs   = "ours"
	takeTheirs = "theirs"
	takeBoth   = "both"
)

// bothTrue are columns of which both values may be true: whoever decides may keep
// both.
var bothTrue = map[string][]string{
	"patient": {"alerts", "description"}, "stay": {"recommendations"}, "newborn": {"birth_order"},
}

// mayBoth says whether both values may be kept.
func mayBoth(table, column string) bool { return slices.Contains(bothTrue[table], column) }

// Asked is what a person is asked after the centre has made room for a
// node's row: by a rule nothing is held and all is to be seen, which of the two is
// right only people know.
func Asked() map[string]merge.Asked {
	return map[string]merge.Asked{"pregnancy": whatWasMade, "newborn": whichBirth}
}

// whatWasMade asks for each column that the rule has changed.
func whatWasMade(_ context.Context, _ *sql.Tx, sent, made capture.Row) ([]merge.Question, error) {
	var all []merge.Question
	for _, column := range slices.Sorted(maps.Keys(made)) {
		if made[column] != sent[column] {
			all = append(all, merge.Question{Column: column, Ours: made[column], Theirs: sent[column]})
		}
	}
	return all, nil
}

// whichBirth asks whether two births of one place among those of a stay are one
// child or two; it names both records.
func whichBirth(ctx context.Context, tx *sql.Tx, sent, _ capture.Row) ([]merge.Question, error) {
	other, err := birthOf(ctx, tx, sent.String("mother_stay"), sent["birth_order"])
	return []merge.Question{{Column: "birth_order", Ours: other, Theirs: sent.String("id")}}, err
}

// later gives the woman one valid code, as with a line: who gives her the card
// later makes the code before it void.
func later(ctx context.Context, tx *sql.Tx, _ string, row capture.Row) (bool, error) {
	other, at, err := validCode(ctx, tx, row.String("pregnancy_id"), row.String("id"))
	if err != nil || other == "" {
		return false, err
	}
	if given, _ := row["given_at"].(int64); given > at {
		return true, revokeCode(ctx, tx, other, given)
	}
	row["revoked_at"] = at
	return true, nil
}

// second keeps the node's record of a pregnancy beside the centre's, which is gone
// on with: closed, with all that is in it.
func second(c clock.Clock, texts *text.Catalogue) merge.Room {
	return func(ctx context.Context, tx *sql.Tx, _ string, row capture.Row) (bool, error) {
		other, err := openPregnancy(ctx, tx, row.String("patient_id"), row.String("id"))
		if err != nil || other == "" {
			return false, err
		}
		now := c.Now()
		row["state"], row["outcome"], row["ended_on"], row["closed_at"] = "closed", "left", clock.DateOf(now).String(), db.Micros(now)
		row["close_note"] = bilingual(texts, "card.node.both_pregnant", other)
		return true, nil
	}
}

// nextChild gives the node's birth the next place among those of the stay: neither
// child is lost, and a person says whether they are one.
func nextChild(ctx context.Context, tx *sql.Tx, table string, row capture.Row) (bool, error) {
	if other, err := birthOf(ctx, tx, row.String("mother_stay"), row["birth_order"]); err != nil || other == "" {
		return false, err
	}
	return renumbered("birth_order", "mother_stay")(ctx, tx, table, row)
}

// mergedTwice keeps the node's record of a merge that the centre has done too: the
// centre's stands, with what the node has led over (alsoLed). Of a merge with
// somebody else only a person knows which is right: it waits until one is undone.
func mergedTwice(c clock.Clock, texts *text.Catalogue) merge.Room {
	return func(ctx context.Context, tx *sql.Tx, _ string, row capture.Row) (bool, error) {
		same, err := sameMerge(ctx, tx, row.String("merged_id"), row.String("survivor_id"), row.String("id"))
		if err != nil || !same {
			return false, err
		}
		row["undone_at"], row["undo_reason"] = db.Micros(c.Now()), bilingual(texts, "card.node.both_merged", "")
		return true, nil
	}
}

func bilingual(texts *text.Catalogue, key, number string) string {
	words := texts.Words(key, "Number", number) // text: card.node.both_*
	return strings.Join([]string{words.In(text.KY), words.In(text.RU)}, " / ")
}

// before does what has to be done besides when the conflict is decided so; done
// says that nothing else is left to do.
func before(ctx context.Context, tx *sql.Tx, d *desk.Desk, table, column, key, take string, with []one) (done bool, err error) {
	at := d.Clock.Now()
	switch {
	case table == "newborn" && column == "birth_order":
		return true, decideBirth(ctx, tx, key, take, with[0])
	case table == "pregnancy" && column == "state":
		if still, err := stillClosed(ctx, tx, key, with); err != nil || !still {
			return true, err // it has ended otherwise since
		}
		if take == takeTheirs && slices.ContainsFunc(with, func(o one) bool { return o.column == column && o.theirs == "open" }) {
			return false, closeOther(ctx, tx, d, key, at)
		}
	}
	return false, nil
}

// closeOther closes the record of the same woman that is gone on with, in favour of
// the one of the key.
func closeOther(ctx context.Context, tx *sql.Tx, d *desk.Desk, key string, at time.Time) error {
	number, err := numberOfPregnancy(ctx, tx, key)
	if err != nil {
		return err
	}
	return closePregnancies(ctx, tx, key, clock.DateOf(at).String(), bilingual(d.Site.Texts, "card.node.both_pregnant", number), desk.Of(ctx).PIN, at)
}

// stillClosed says that the record stands as the rule has left it.
func stillClosed(ctx context.Context, tx *sql.Tx, key string, with []one) (bool, error) {
	for _, o := range with {
		if o.column == "close_note" {
			return closedWith(ctx, tx, key, o.ours)
		}
	}
	return true, nil // both changed one record: nothing was made by the rule
}
