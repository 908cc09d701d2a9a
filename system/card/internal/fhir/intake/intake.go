// Package intake takes files of FHIR R4 resources onto the shelf: transaction
// and other Bundles, lists of resources one a line (Bulk Data), single resources
// such as a ConceptMap. A file is read piece by piece, so its size is not bounded
// by memory.
//
// What a file says is taken once: the id of a resource follows from its fullUrl,
// so a file that is taken again, or was cut off in the middle, changes nothing
// or only what had not been written. A file with a fault is not taken at all.
package intake

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// How much is written in one transaction: a file that is smaller is taken wholly
// or not at all, even if the machine stops.
const (
	partEntries = 2000
	partBytes   = 12 << 20
	mostFaults  = 200
)

// Report says what became of a file.
type Report struct {
	Name      string         `json:"name"`
	Resources int            `json:"resources"`
	Created   int            `json:"created"`
	Updated   int            `json:"updated"`
	Same      int            `json:"same"`   // were there already, as they are
	Joined    int            `json:"joined"` // patients that the card has
	Kinds     map[string]int `json:"kinds"`
	Faults    []Fault        `json:"faults,omitempty"` // if there is one, nothing was taken
	Unmapped  []Unmapped     `json:"unmapped,omitempty"`
}

// Fault is one thing that keeps a file from being taken. What is said of it in
// the reader's language by whoever has the words.
type Fault struct {
	Entry int    `json:"entry"` // from 0
	Path  string `json:"path"`
	Code  string `json:"code"` // key of the text, without card.fhir.
	What  string `json:"what"`
	Args  []any  `json:"-"`
}

// Key is the key of the fault's text.
func (f Fault) Key() string { return "card.fhir." + f.Code }

// Unmapped is a diagnosis without ICD-10 for which no ConceptMap on the shelf
// has a row. It is kept with its own code.
type Unmapped struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
	Count   int    `json:"count"`
}

// ICD10 is the system of codes to which diagnoses must lead.
const ICD10 = "http://hl7.org/fhir/sid/icd-10"

// Intake takes files.
type Intake struct {
	Shelf    *shelf.Shelf
	Takes    func(kind string) bool // types that may stand on the shelf
	Records  func(done []shelf.Done) []audit.Record
	Author   string
	Progress func(resources int)
	Most     int64 // bytes of one resource
	Part     int   // resources written in one transaction; 0: as many as usual
}

type file struct {
	*Intake
	report Report
	known  map[string][2]string    // fullUrl or Type/id in the file: type and id here
	found  map[[2]string][2]string // what a condition or a ПИН has found instead
	codes  map[Unmapped]int
	part   []shelf.Change
	bytes  int
	at     int // the entry that is read
}

// Read takes the file: first everything is checked, then it is written. One that
// is larger than a part is read a second time for that.
func (i *Intake) Read(ctx context.Context, in io.ReadSeeker, name string) (Report, error) {
	f := &file{Intake: i, report: Report{Name: name, Kinds: map[string]int{}}, known: map[string][2]string{}, found: map[[2]string][2]string{}, codes: map[Unmapped]int{}}
	held := held{most: f.most()}
	err := f.each(in, func(at int, e r4.Entry, size int) error {
		held.add(e, size)
		return f.check(at, e, size)
	})
	if e, ok := errors.AsType[*fail.Error](err); ok && (e.Kind == fail.Invalid || e.Kind == fail.TooLarge) {
		f.report.Faults = append(f.report.Faults, Fault{Entry: f.at, Code: strings.TrimPrefix(e.Key, "card.fhir."), Args: pairs(e.Args)})
		return f.report, nil
	}
	if err != nil {
		return f.report, err
	}
	if len(f.report.Faults) > 0 {
		return f.report, nil
	}
	take := func(at int, e r4.Entry, size int) error { return f.take(ctx, at, e, size) }
	if held.whole() {
		err = held.each(take)
	} else if _, err = in.Seek(0, io.SeekStart); err == nil {
		err = f.each(in, take)
	}
	if err == nil {
		err = f.write(ctx)
	}
	if refusal, ok := errors.AsType[*shelf.Refusal](err); ok {
		args := refusal.Args
		if refusal.ID != "" {
			args = append(slices.Clone(args), "ID", refusal.ID)
		}
		f.report.Faults = append(f.report.Faults, Fault{Entry: refusal.Entry, Path: refusal.Path, Code: strings.TrimPrefix(refusal.Key, "card.fhir."), Args: args})
		return f.report, nil
	}
	if err != nil {
		return f.report, err
	}
	return f.report, f.mapped(ctx)
}

// held is what was read of a file, as long as it is no larger than a part.
type held struct {
	entries []r4.Entry
	sizes   []int
	bytes   int
	count   int
	most    int // entries
}

func (h *held) whole() bool { return h.bytes <= partBytes && h.count <= h.most }

func (h *held) add(e r4.Entry, size int) {
	h.bytes, h.count = h.bytes+size, h.count+1
	if !h.whole() {
		h.entries, h.sizes = nil, nil
		return
	}
	h.entries, h.sizes = append(h.entries, e), append(h.sizes, size)
}

func (h *held) each(give func(at int, e r4.Entry, size int) error) error {
	for at, e := range h.entries {
		if err := give(at, e, h.sizes[at]); err != nil {
			return err
		}
	}
	return nil
}

// each gives every resource of the file with its place and bytes.
func (f *file) each(in io.Reader, give func(at int, e r4.Entry, size int) error) error {
	d := json.NewDecoder(bufio.NewReaderSize(in, 1<<20))
	for at := 0; ; {
		f.at = at
		start, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notJSON(err)
		}
		if start != json.Delim('{') {
			return fail.New(fail.Invalid, "card.fhir.import.no_json")
		}
		if at, err = f.object(d, at, give); err != nil {
			return err
		}
	}
}

// object reads one top object: a Bundle entry by entry, or a resource.
func (f *file) object(d *json.Decoder, at int, give func(at int, e r4.Entry, size int) error) (int, error) {
	var rest bytes.Buffer // of what is no list of entries
	rest.WriteByte('{')
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return at, notJSON(err)
		}
		if name != "entry" {
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				return at, notJSON(err)
			}
			if int64(rest.Len()+len(value)) > f.Most {
				return at, f.tooBig()
			}
			key, _ := json.Marshal(name) //nolint:errchkjson // a string
			if rest.Len() > 1 {
				rest.WriteByte(',')
			}
			rest.Write(append(append(key, ':'), value...))
			continue
		}
		if start, err := d.Token(); err != nil || start != json.Delim('[') {
			return at, notJSON(err)
		}
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return at, notJSON(err)
			}
			if int64(len(raw)) > f.Most {
				return at, f.tooBig()
			}
			e, err := r4.ReadEntry(raw)
			if err != nil {
				return at, notJSON(err)
			}
			if err := give(at, e, len(raw)); err != nil {
				return at, err
			}
			at++
			f.at = at
		}
		if _, err := d.Token(); err != nil {
			return at, notJSON(err)
		}
	}
	if _, err := d.Token(); err != nil {
		return at, notJSON(err)
	}
	rest.WriteByte('}')
	if r := r4.Read(rest.Bytes()); r.Kind != "Bundle" {
		e := r4.Entry{Resource: r}
		if r.Kind != "" && r.ID != "" {
			e.FullURL = r.Kind + "/" + r.ID
		}
		if err := give(at, e, rest.Len()); err != nil {
			return at, err
		}
		at++
	}
	return at, nil
}

func pairs(args map[string]any) []any {
	var all []any
	for name, value := range args {
		all = append(all, name, value)
	}
	return all
}

func notJSON(err error) error { return fail.Wrap(err, fail.Invalid, "card.fhir.import.no_json") }

func (f *file) tooBig() error {
	return fail.New(fail.TooLarge, "card.fhir.import.too_big", "Most", f.Most>>20)
}

// check looks at a resource before anything is written.
func (f *file) check(at int, e r4.Entry, _ int) error {
	f.report.Resources++
	fault := func(path, code string, args ...any) {
		if len(f.report.Faults) < mostFaults {
			f.report.Faults = append(f.report.Faults, Fault{Entry: at, Path: path, Code: code, Args: args})
		}
	}
	r := e.Resource
	if r == nil {
		fault("", "no_resource")
		return nil
	}
	for _, one := range r.Faults {
		fault(one.Path, "fault."+string(one.What), one.Args...)
	}
	if !r.Usable() {
		return nil
	}
	if !f.Takes(r.Kind) {
		fault(r.Kind, "import.not_taken", "Kind", r.Kind)
		return nil
	}
	if e.Method == "DELETE" || e.Method == "PATCH" {
		fault(r.Kind, "import.not_done", "Method", e.Method)
	}
	f.report.Kinds[r.Kind]++
	named := [2]string{r.Kind, idOf(e)}
	for _, name := range []string{e.FullURL, r.Kind + "/" + r.ID} {
		if name == "" || strings.HasSuffix(name, "/") {
			continue
		}
		if other, ok := f.known[name]; ok && other != named {
			fault(r.Kind, "import.twice", "Name", name)
		}
		f.known[name] = named
	}
	if r.Kind == "Condition" {
		f.count(r)
	}
	return nil
}

// idOf is the id that a resource gets here. A UUID is the same everywhere, the
// id of another server is not.
func idOf(e r4.Entry) string {
	if uuid, ok := strings.CutPrefix(e.FullURL, "urn:uuid:"); ok && len(uuid) == 36 && r4.ID(uuid) {
		return strings.ToLower(uuid)
	}
	if (e.FullURL == "" || !strings.Contains(e.FullURL, ":")) && e.Resource.ID != "" {
		return e.Resource.ID
	}
	from := e.FullURL
	if from == "" { // nobody refers to it: it is what it says
		from = string(e.Resource.Render("", "", "", func(int) string { return "" }))
	}
	sum := sha256.Sum256([]byte(from))
	return hex.EncodeToString(sum[:16])
}

// count notes the codes of a diagnosis that has none of ICD-10.
func (f *file) count(r *r4.Resource) {
	codes := r.Codes()
	if slices.ContainsFunc(codes, func(c r4.Code) bool { return c.System == ICD10 }) {
		return
	}
	one := Unmapped{}
	if len(codes) > 0 {
		one = Unmapped{System: codes[0].System, Code: codes[0].Code, Display: codes[0].Display}
	}
	f.codes[one]++
}

// take puts one resource into the part that is written next.
func (f *file) take(ctx context.Context, at int, e r4.Entry, size int) error {
	c := shelf.Change{Method: shelf.Update, Kind: e.Resource.Kind, ID: idOf(e), Resource: e.Resource, FullURL: e.FullURL, Entry: at}
	if e.IfNoneExist != "" {
		c.Method, c.Asked, c.Condition = shelf.Create, true, strings.TrimPrefix(e.IfNoneExist, "?")
	}
	f.part, f.bytes = append(f.part, c), f.bytes+size
	if len(f.part) >= f.most() || f.bytes >= partBytes {
		return f.write(ctx)
	}
	return nil
}

func (f *file) most() int {
	if f.Part > 0 {
		return f.Part
	}
	return partEntries
}

func (f *file) write(ctx context.Context) error {
	if len(f.part) == 0 {
		return nil
	}
	done, err := f.Shelf.Write(ctx, &shelf.Work{
		Changes: f.part, Author: f.Author, Records: f.Records, Join: true,
		Known: func(fullURL string) (string, string, bool) {
			k, ok := f.known[fullURL]
			if other, joined := f.found[k]; joined {
				k = other
			}
			return k[0], k[1], ok
		},
	})
	if err != nil {
		return err
	}
	for at, d := range done {
		if id := f.part[at].ID; id != d.ID {
			f.found[[2]string{d.Kind, id}] = [2]string{d.Kind, d.ID}
		}
		switch {
		case d.Own:
			f.report.Joined++
		case d.Same:
			f.report.Same++
		case d.Version == 1:
			f.report.Created++
		default:
			f.report.Updated++
		}
	}
	f.part, f.bytes = nil, 0
	if f.Progress != nil {
		f.Progress(f.report.Created + f.report.Updated + f.report.Same + f.report.Joined)
	}
	return nil
}

// mapped leaves those codes that no ConceptMap leads to ICD-10.
func (f *file) mapped(ctx context.Context) error {
	for one, n := range f.codes {
		ok, err := f.Shelf.Mapped(ctx, one.System, one.Code, ICD10)
		if err != nil {
			return err
		}
		if !ok {
			one.Count = n
			f.report.Unmapped = append(f.report.Unmapped, one)
		}
	}
	slices.SortFunc(f.report.Unmapped, func(a, b Unmapped) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.System+"|"+a.Code, b.System+"|"+b.Code)
	})
	return nil
}
