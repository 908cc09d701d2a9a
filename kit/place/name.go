package place

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// own are names that tables of the world lack in Kyrgyz, or write otherwise
// than we do: countries by their code of ISO 3166-1, towns by the country and
// the English names that tables use, in small letters.
var own = read(written)

//go:embed names.json
var written []byte

type ours struct {
	Countries map[string]text.Words            `json:"countries"`
	Towns     map[string]map[string]text.Words `json:"towns"`
}

func read(file []byte) ours {
	var o ours
	if err := json.Unmarshal(file, &o); err != nil {
		panic("kit/place/names.json: " + err.Error()) // embedded: tests have read it before
	}
	return o
}

func townNames(country, name string) text.Words {
	return own.Towns[country][strings.ToLower(name)]
}
