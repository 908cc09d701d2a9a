package terminology

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
)

// mapping is where a ConceptMap leads from a code.
type mapping struct {
	Map, System, Code, Equivalence string
}

// mostMappings are told of one code.
const mostMappings = 50

// mappings are where the ConceptMaps on the shelf lead from the code; by a map, to
// a system where they are named; or, reversed, whence they lead to it.
func mappings(ctx context.Context, q db.Querier, system, code, target, byMap string, reverse bool) ([]mapping, error) {
	from, to := "source", "target"
	if reverse {
		from, to = to, from
	}
	var all []mapping
	for row, err := range db.Rows(ctx, q, `SELECT COALESCE((SELECT MIN(m.code) FROM fhir_mark m WHERE m.id = c.map AND m.kind = 'ConceptMap' AND m.param = 'url'), c.map), c.`+
		to+`_system, c.`+to+`_code, c.equivalence FROM fhir_concept c
		WHERE c.`+from+`_system = $1 AND c.`+from+`_code = $2 AND (CAST($3 AS TEXT) = '' OR c.`+to+`_system = $3)
		AND (CAST($4 AS TEXT) = '' OR c.map = $4 OR EXISTS (SELECT 1 FROM fhir_mark m WHERE m.id = c.map AND m.kind = 'ConceptMap' AND m.param = 'url' AND m.code = $4))
		ORDER BY c.map, c.`+to+`_system, c.`+to+`_code LIMIT $5`, system, code, target, byMap, mostMappings) {
		if err != nil {
			return nil, err
		}
		var m mapping
		if err := row.Scan(&m.Map, &m.System, &m.Code, &m.Equivalence); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}
