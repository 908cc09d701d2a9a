package kept

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/sealing"
)

// Archive makes resources of the card's own rows.
type Archive struct {
	db  *db.DB
	ids *sealing.Sealer
}

// NewArchive is the archive of a card.
func NewArchive(d *db.DB, ids *sealing.Sealer) *Archive { return &Archive{db: d, ids: ids} }

// Kinds are the types of which the card has rows.
func (a *Archive) Kinds() []*find.Kind {
	return []*find.Kind{
		a.patientKind(), a.encounterKind(), a.conditionKind(), a.procedureKind(), a.claimKind(), a.claimResponseKind(),
		a.organizationKind(), a.locationKind(), a.practitionerKind(), a.practitionerRoleKind(),
	}
}

type readerKey struct{}

// Reading lets everything that is read with the context be read by q: the
// transaction of a write that looks for something, or a snapshot.
func Reading(ctx context.Context, q db.Querier) context.Context {
	return context.WithValue(ctx, readerKey{}, q)
}

// Reader is what is read by: what Reading has given, or the pool for reading.
func (a *Archive) Reader(ctx context.Context) db.Querier {
	if q, ok := ctx.Value(readerKey{}).(db.Querier); ok {
		return q
	}
	return a.db.Read
}

// HasLocation says that there is a ward or a bed of the id.
func (a *Archive) HasLocation(ctx context.Context, id string) (bool, error) {
	entries, err := a.locationEntries(ctx, []string{id})
	return slices.ContainsFunc(entries, func(e find.Entry) bool { return e.ID == id }), err
}
