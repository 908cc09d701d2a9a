package merge

import (
	"context"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// silent are columns of the program's own, about which no person could decide:
// when both sides changed one, the side that the row belongs to is taken, without
// a conflict. What follows from other columns is worked out anew (Follow).
var silent = map[string][]string{
	"patient":         {"folded_name", "alike_key"},
	"consent":         {"code_hash", "tries"},
	"bed":             {"position"},
	"referral":        {"version"},
	"pregnancy":       {"warnings", "given_at"},
	"exchange_card":   {"revoked_at"},
	"discharge_draft": {"saved_at"},
	"entry_draft":     {"saved_at"},
	"entry_template":  {"changed_at"},
	"bed_reservation": {"at"},
	"form_signature":  {"round", "request", "address"},
	"tear_off_way":    {"delivered_at", "read_at", "read_name"},
}

// Silent says whether both sides may have changed the column without anybody
// being asked which is right.
func Silent(table, column string) bool { return slices.Contains(silent[table], column) }

// additive are columns of which both values stand until somebody decides: to keep
// what one side knows of an allergy out of sight may cost a life, to show it twice
// costs a line.
var additive = map[string][]string{"patient": {"alerts"}}

// Additive says whether what both sides wrote stands together until it is decided.
func Additive(table, column string) bool { return slices.Contains(additive[table], column) }

// Both is what both sides wrote: our lines, then those of theirs that are not there.
func Both(ours, theirs string) string {
	lines := strings.Split(ours, "\n")
	for line := range strings.SplitSeq(theirs, "\n") {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Follow brings the columns of a person that follow from their name in line with
// it: a name that was put together of both sides' is found under that name.
func Follow(ctx context.Context, q db.Querier, schema *capture.Schema, t capture.Table, key []string) error {
	if t.Name != "patient" {
		return nil
	}
	row, ok, err := schema.Load(ctx, q, t, key, "")
	if err != nil || !ok {
		return err
	}
	family, given, patronymic := row.String("family_name"), row.String("given_name"), row.String("patronymic")
	name := patient.Patient{FamilyName: family, GivenName: given, Patronymic: patronymic}.FullName()
	write := capture.Row{}
	for column, value := range map[string]string{"folded_name": text.Fold(name), "alike_key": patient.AlikeKey(family, given)} {
		if row.String(column) != value {
			write[column] = value
		}
	}
	return schema.Update(ctx, q, t, key, write)
}
