package terminology

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/profile"
)

const definitions = "http://hl7.org/fhir/OperationDefinition/"

type room struct {
	api   *fhir.API
	book  *book
	db    *db.DB
	clock clock.Clock
}

// Mount offers the operations.
func Mount(a *fhir.API, d *db.DB, c clock.Clock) {
	r := &room{api: a, book: newBook(icd.NewBook(d)), db: d, clock: c}
	for _, o := range []struct {
		kind, name string
		params     []string
		answer     func(ctx context.Context, a asked) (any, error)
	}{
		{"CodeSystem", "lookup", []string{"system", "code", "version", "date", "displayLanguage"}, r.lookup},
		{"CodeSystem", "validate-code", []string{"url", "code", "display", "version", "date", "displayLanguage"}, r.validateInSystem},
		{"ValueSet", "expand", []string{"url", "filter", "offset", "count", "date", "displayLanguage", "includeDesignations"}, r.expand},
		{"ValueSet", "validate-code", []string{"url", "system", "code", "display", "date", "displayLanguage"}, r.validateInSet},
	} {
		for _, instance := range []bool{false, true} {
			if o.name == "lookup" && instance {
				continue
			}
			a.Operate(fhir.Operation{
				Kind: o.kind, Name: "$" + o.name, Instance: instance, Methods: []string{http.MethodGet, http.MethodPost}, Definition: definitions + o.kind + "-" + o.name,
				Serve: func(w http.ResponseWriter, req *http.Request, on fhir.Target) error {
					return r.serve(w, req, on, o.params, o.answer)
				},
			})
		}
	}
	translating := []string{"url", "conceptMapVersion", "system", "code", "source", "target", "targetsystem", "reverse", "displayLanguage"}
	a.Operate(fhir.Operation{
		Kind: "ConceptMap", Name: "$translate", Methods: []string{http.MethodGet, http.MethodPost}, Definition: definitions + "ConceptMap-translate",
		Serve: func(w http.ResponseWriter, req *http.Request, on fhir.Target) error {
			caller, err := a.Caller(req)
			if err != nil {
				return err
			}
			if err := caller.Need("ConceptMap"); err != nil {
				return err
			}
			return r.serve(w, req, on, translating, r.translate)
		},
	})
	a.Describe("terminology", r.capabilities)
}

// serve reads what is asked, by GET, a form or a Parameters resource.
func (r *room) serve(w http.ResponseWriter, req *http.Request, on fhir.Target, known []string, answer func(context.Context, asked) (any, error)) error {
	a, err := read(w, req)
	if err != nil {
		return err
	}
	if err := a.settle(known, text.LangOf(req.Context()), r.clock.Now()); err != nil {
		return err
	}
	if on.ID != "" {
		address, ok := r.book.ids[on.Kind+"/"+on.ID]
		if !ok {
			return fail.New(fail.NotFound, "card.fhir.not_found")
		}
		a.values["url"] = address
	}
	out, err := answer(req.Context(), a)
	if err != nil {
		return err
	}
	return fhir.Send(w, http.StatusOK, out)
}

func read(w http.ResponseWriter, req *http.Request) (asked, error) {
	if req.Method != http.MethodPost {
		return readQuery(req.URL.Query())
	}
	req.Body = http.MaxBytesReader(w, req.Body, maxBody)
	media, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")) // none is JSON
	if media == "application/x-www-form-urlencoded" {
		if err := req.ParseForm(); err != nil {
			return asked{}, fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
		}
		return readQuery(req.PostForm)
	}
	body, err := io.ReadAll(req.Body)
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		return asked{}, fail.Wrap(err, fail.TooLarge, "card.fhir.too_many_parameters")
	}
	if err != nil {
		return asked{}, fail.Wrap(err, fail.BadRequest, "card.fhir.cut_body")
	}
	return readParameters(body)
}

func (r *room) lookup(ctx context.Context, a asked) (any, error) {
	if len(a.codings) != 1 || a.codings[0].System == "" {
		return nil, bad("code")
	}
	asked := a.codings[0]
	c, ok, err := r.book.find(ctx, asked.System, asked.Code, a.at)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fail.New(fail.NotFound, "card.fhir.term.no_code", "Code", clip(asked.Code))
	}
	name := r.book.names[c.System]
	if name == "" {
		name = c.System
	}
	out := told(parameter{Name: "name", String: name}, parameter{Name: "display", String: c.display(a.lang)})
	out.Parameter = append(out.Parameter, designations(c)...)
	inactive := !c.Usable
	out.Parameter = append(out.Parameter, parameter{Name: "property", Part: []parameter{{Name: "code", Code: "notSelectable"}, {Name: "value", Boolean: &inactive}}})
	if c.Parent != "" {
		out.Parameter = append(out.Parameter, parameter{Name: "property", Part: []parameter{{Name: "code", Code: "parent"}, {Name: "value", Code: c.Parent}}})
	}
	return out, nil
}

func (r *room) validateInSystem(ctx context.Context, a asked) (any, error) {
	system := a.get("url")
	for i := range a.codings {
		if a.codings[i].System == "" {
			a.codings[i].System = system
		}
	}
	return r.validated(ctx, a, func(c concept) bool { return system == "" || c.System == system })
}

func (r *room) set(a asked) (profile.ValueSet, error) {
	address := a.get("url")
	if address == datatype.ICD10+"?fhir_vs" { // the set of all codes of a system (R4, 4.9.4)
		address = profile.Canonical + "/ValueSet/icd-10"
	}
	set, ok := r.book.sets[address]
	if !ok {
		return set, fail.New(fail.NotFound, "card.fhir.term.no_set", "URL", clip(address))
	}
	return set, nil
}

func (r *room) validateInSet(ctx context.Context, a asked) (any, error) {
	set, err := r.set(a)
	if err != nil {
		return nil, err
	}
	return r.validated(ctx, a, func(c concept) bool { return in(set, c) })
}

// validated says whether one of the codes is there and stands where it should.
func (r *room) validated(ctx context.Context, a asked, stands func(concept) bool) (any, error) {
	if len(a.codings) == 0 {
		return nil, bad("code")
	}
	answered := func(result bool, message string, c concept) any {
		out := told(parameter{Name: "result", Boolean: &result})
		if message != "" {
			out.Parameter = append(out.Parameter, parameter{Name: "message", String: message})
		}
		if display := c.display(a.lang); display != "" {
			out.Parameter = append(out.Parameter, parameter{Name: "display", String: display})
		}
		return out
	}
	message := ""
	for _, one := range a.codings {
		c, ok, err := r.book.find(ctx, one.System, one.Code, a.at)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			message = text.T(ctx, "card.fhir.term.no_code", "Code", clip(one.Code))
		case !stands(c):
			message = text.T(ctx, "card.fhir.term.not_in", "Code", clip(one.Code))
		case one.Display != "" && !c.called(one.Display):
			return answered(false, text.T(ctx, "card.fhir.term.other_display", "Code", c.Code, "Display", c.display(a.lang)), c), nil
		default:
			return answered(true, "", c), nil
		}
	}
	return answered(false, message, concept{}), nil
}

func (r *room) expand(ctx context.Context, a asked) (any, error) {
	set, err := r.set(a)
	if err != nil {
		return nil, err
	}
	offset, err := a.number("offset", 0, maxOffset)
	if err != nil {
		return nil, err
	}
	count, err := a.number("count", usual, mostCount)
	if err != nil {
		return nil, err
	}
	page, total, err := r.book.page(ctx, set, a.get("filter"), a.at, offset, count)
	if err != nil {
		return nil, err
	}
	out := &valueSet{URL: set.URL, Version: set.Version, Name: set.Name, Title: set.Title, Status: set.Status, Expansion: expansion{
		Identifier: "urn:uuid:" + id.New(), Timestamp: datatype.Instant(r.clock.Now()), Total: total, Offset: offset,
		Parameter: []expansionPart{{Name: "displayLanguage", Code: string(a.lang)}, {Name: "count", Whole: &count}},
	}}
	out.ResourceType, out.ID = "ValueSet", set.ID
	if filter := a.get("filter"); filter != "" {
		out.Expansion.Parameter = append(out.Expansion.Parameter, expansionPart{Name: "filter", String: filter})
	}
	if day := a.get("date"); day != "" {
		out.Expansion.Parameter = append(out.Expansion.Parameter, expansionPart{Name: "date", Moment: day})
	}
	for _, c := range page {
		out.Expansion.Contains = append(out.Expansion.Contains, contains(c, a.lang, a.get("includeDesignations") == "true"))
	}
	return out, nil
}

// translate tells where the maps on the shelf lead. Nothing is guessed: what no
// map has is not translated.
func (r *room) translate(ctx context.Context, a asked) (any, error) {
	if len(a.codings) == 0 {
		return nil, bad("code")
	}
	target := strings.TrimSuffix(a.get("targetsystem"), "?fhir_vs")
	if target == "" && a.get("target") != "" {
		set, ok := r.book.sets[a.get("target")]
		if target = strings.TrimSuffix(a.get("target"), "?fhir_vs"); ok {
			target = set.Compose.Include[0].System
		}
	}
	result := false
	var matches []parameter
	for _, one := range a.codings {
		all, err := mappings(ctx, r.db.Read, one.System, one.Code, target, a.get("url"), a.get("reverse") == "true")
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			c, _, err := r.book.find(ctx, m.System, m.Code, a.at)
			if err != nil {
				return nil, err
			}
			result = true
			matches = append(matches, parameter{Name: "match", Part: []parameter{
				{Name: "equivalence", Code: m.Equivalence},
				{Name: "concept", Coding: &datatype.Coding{System: m.System, Code: m.Code, Display: c.display(a.lang)}},
				{Name: "source", URI: m.Map},
			}})
		}
	}
	out := told(parameter{Name: "result", Boolean: &result})
	if !result {
		out.Parameter = append(out.Parameter, parameter{Name: "message", String: text.T(ctx, "card.fhir.term.not_mapped")})
	}
	out.Parameter = append(out.Parameter, matches...)
	return out, nil
}

// capabilities is told by /metadata?mode=terminology.
func (r *room) capabilities(ctx context.Context) (any, error) {
	edition, err := r.book.icd.Edition(ctx)
	if err != nil {
		return nil, err
	}
	out := &capabilities{
		URL: r.api.Address() + "/metadata?mode=terminology", Version: "1.0.0", Name: "SanaripTerminology", Title: "Цифровая медицинская карта пациента: коды", Status: "active",
		Date: "2026-11-22", Kind: "instance", Software: named{"Sanarip"}, CodeSearch: "all", Validate: validating{Translations: true},
		Expansion: expanding{Paging: true, Filter: "Part of a code, or of its words in any language; of ICD-10 the beginnings of words."},
	}
	out.ResourceType = "TerminologyCapabilities"
	for _, name := range []string{"count", "date", "displayLanguage", "filter", "includeDesignations", "offset"} {
		out.Expansion.Parameter = append(out.Expansion.Parameter, named{name})
	}
	for _, s := range profile.Codes() {
		out.CodeSystem = append(out.CodeSystem, codeSystem{s.URL, []systemVersion{{Code: s.Version, IsDefault: true, Language: []string{"ky", "ru", "en"}}}})
	}
	out.CodeSystem = append(out.CodeSystem, codeSystem{datatype.ICD10, []systemVersion{{Code: strconv.FormatInt(edition, 10), IsDefault: true, Language: []string{"ru"}}}})
	return out, nil
}
