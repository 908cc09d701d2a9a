package rule

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Field is one value that a rule looked at.
type Field struct {
	Path  string // as in the message: "diagnoses[1].code"
	Value string // "" when the case leaves it out
}

// Explanation is one rule replayed on a case.
type Explanation struct {
	Rule     insuranceapi.Rule
	Fields   []Field                // all that it looked at in the case, and nothing else of it
	Fund     []string               // what it asked beside the case: FromTable, FromOthers, FromTwice, FromICD, FromProcedures
	Left     bool                   // it was left out: what it asks of the fund is not known here
	Findings []insuranceapi.Finding // none: it has nothing against the case
}

// Why replays the rule on the case by the catalogue of its day; false when no
// such rule held then.
func (k Catalogue) Why(id string, c insuranceapi.Case, f Facts) (Explanation, bool) {
	for _, r := range k.Of(c, f) {
		if r.ID != id {
			continue
		}
		check := checks[id]
		return Explanation{Rule: r, Fields: fields(c, check.reads), Fund: check.fund, Left: check.left(f), Findings: run(r, c, f)}, true
	}
	return Explanation{}, false
}

// Reads are the fields that the rule looks at, as the message names them.
func Reads(id string) []string { return checks[id].reads }

// fields reads the paths out of the case as it travels.
func fields(c insuranceapi.Case, paths []string) []Field {
	data, err := json.Marshal(c)
	if err != nil {
		return nil
	}
	var whole map[string]any
	if json.Unmarshal(data, &whole) != nil {
		return nil
	}
	var list []Field
	seen := map[string]bool{}
	for _, path := range paths {
		parent, name, nested := strings.Cut(path, ".")
		rows, isList := whole[parent].([]any)
		switch {
		case !nested:
			list = append(list, Field{path, shown(whole[path])})
		case isList && !seen[parent]: // row by row, all fields of a row together
			seen[parent] = true
			for i, row := range rows {
				for _, other := range paths {
					if p, n, _ := strings.Cut(other, "."); p == parent {
						members, _ := row.(map[string]any)
						list = append(list, Field{fmt.Sprintf("%s[%d].%s", parent, i, n), shown(members[n])})
					}
				}
			}
			if len(rows) == 0 {
				list = append(list, Field{parent, ""})
			}
		case !isList:
			members, _ := whole[parent].(map[string]any)
			list = append(list, Field{path, shown(members[name])})
		}
	}
	return list
}

// shown is a value as people read it.
func shown(v any) string {
	switch value := v.(type) {
	case nil:
		return ""
	case string:
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			if at.IsZero() {
				return ""
			}
			return text.Moment(at)
		}
		return value
	case float64:
		return fmt.Sprintf("%.0f", value)
	default:
		return fmt.Sprint(value)
	}
}
