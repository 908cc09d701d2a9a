package find

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// Item is one resource with what the server must know of it.
type Item struct {
	Kind, ID string
	Resource datatype.Resource
	Updated  time.Time // latest moment that the rows know of; zero: they know none
	Person   bool      // the resource tells of a person: its reading is recorded
	Subject  string    // that person's ПИН, "" if there is none
	refs     map[string][]string
	raw      *shelf.Resource // of a resource from outside
	Version  string
	JSON     []byte
}

// Refer notes under a search parameter which resources the item leads to, for
// _include.
func (i *Item) Refer(param string, references ...*datatype.Reference) {
	for _, r := range references {
		if r == nil || r.Reference == "" {
			continue
		}
		if i.refs == nil {
			i.refs = map[string][]string{}
		}
		i.refs[param] = append(i.refs[param], r.Reference)
	}
}

// seal writes the resource down. The version is a digest of the content, so it
// changes exactly when the content does, whatever row it came from.
func (i *Item) seal() error {
	b := datatype.BaseOf(i.Resource)
	b.ResourceType, b.ID = i.Kind, i.ID
	var profiles []string
	if b.Meta != nil {
		profiles = b.Meta.Profile
		b.Meta = &datatype.Meta{Profile: profiles}
	}
	bare, err := datatype.Encode(i.Resource)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(bare)
	i.Version = hex.EncodeToString(sum[:8])
	b.Meta = &datatype.Meta{VersionID: i.Version, LastUpdated: datatype.Instant(i.Updated), Profile: profiles}
	i.JSON, err = datatype.Encode(i.Resource)
	return err
}

func ForeignItem(r *shelf.Resource) *Item {
	return &Item{
		Kind: r.Kind, ID: r.ID, Updated: r.Updated, Person: r.Patient != "", Subject: r.PIN, raw: r,
		Version: strconv.FormatInt(r.Version, 10), JSON: r.Body,
	}
}

// Foreign says that another system wrote the resource.
func (i *Item) Foreign() bool { return i.raw != nil }

// Leads are the resources to which the item leads by the parameter.
func (i *Item) Leads(k *Kind, name string) []string {
	if i.raw == nil {
		return i.refs[name]
	}
	if i.refs == nil { // read once, and only where somebody asks
		i.refs = map[string][]string{}
		r := r4.Read(i.JSON)
		for _, m := range r.Marks() {
			if m.Link < 0 {
				continue
			}
			if kind, id, ok := r4.Literal(r.Links[m.Link].Value); ok {
				i.refs[m.Param] = append(i.refs[m.Param], kind+"/"+id)
			}
		}
	}
	p := k.Params[name]
	from := name
	for _, one := range r4.Params(i.Kind) {
		if one.Name == name && one.Of != "" {
			from = one.Of
		}
	}
	var all []string
	for _, reference := range i.refs[from] {
		if kind, _, _ := strings.Cut(reference, "/"); slices.Contains(p.Targets, kind) {
			all = append(all, reference)
		}
	}
	return all
}
