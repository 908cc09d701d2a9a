package fhir

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// promised is how many bytes are held for a body before they come: who announces
// more and sends nothing holds nothing.
const promised = 1 << 20

// body reads what is to be written. Its bytes are bounded, its entries are not.
func (a *API) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	inUTF8 := params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8")
	packed := r.Header.Get("Content-Encoding") // what is unpacked has no bound that could be seen before
	if err != nil || !inUTF8 || packed != "" && packed != "identity" || media != mediaType && media != "application/json" && media != "text/json" {
		return nil, outcome.Troubled(http.StatusUnsupportedMediaType, "not-supported", "card.fhir.json_body_only")
	}
	if r.ContentLength > a.most {
		return nil, fail.New(fail.TooLarge, "card.fhir.too_big", "Most", a.most>>20)
	}
	in := http.MaxBytesReader(w, r.Body, a.most)
	var data []byte
	if r.ContentLength > 0 && r.ContentLength <= promised {
		data = make([]byte, r.ContentLength)
		_, err = io.ReadFull(in, data)
	} else {
		var all bytes.Buffer
		_, err = all.ReadFrom(in)
		data = all.Bytes()
	}
	if err != nil {
		if tooLarge(err) {
			return nil, fail.New(fail.TooLarge, "card.fhir.too_big", "Most", a.most>>20)
		}
		return nil, fail.Wrap(err, fail.BadRequest, "card.fhir.cut_body")
	}
	return data, nil
}

// writer is the caller of a write.
func (a *API) writer(r *http.Request, k *find.Kind, want access.Action) (access.Caller, error) {
	token, ok := bearer(r)
	if !ok {
		return access.Caller{}, fail.New(fail.SignedOut, "card.fhir.no_token")
	}
	c, err := a.caller(r.Context(), token)
	if err != nil {
		return access.Caller{}, err
	}
	return c, mayWrite(c, k, want)
}

// resource reads the one resource of a write.
func (a *API) resource(w http.ResponseWriter, r *http.Request, k *find.Kind) (*r4.Resource, error) {
	data, err := a.body(w, r)
	if err != nil {
		return nil, err
	}
	return readAs(k, data)
}

// readAs reads a resource of the kind.
func readAs(k *find.Kind, data []byte) (*r4.Resource, error) {
	res := r4.Read(data)
	if len(res.Faults) > 0 {
		return nil, unfit(faults(res, ""))
	}
	if res.Kind != k.Name {
		return nil, outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.other_kind", "Kind", k.Name)
	}
	return res, nil
}

// create answers POST /Type, conditional with If-None-Exist.
func (a *API) create(w http.ResponseWriter, r *http.Request, k *find.Kind) error {
	c, err := a.writer(r, k, access.CreateAction)
	if err != nil {
		return err
	}
	res, err := a.resource(w, r, k)
	if err != nil {
		return err
	}
	change := shelf.Change{Method: shelf.Create, Kind: k.Name, ID: newID(), Resource: res, Entry: -1}
	if condition := r.Header.Get("If-None-Exist"); condition != "" {
		change.Asked, change.Condition = true, strings.TrimPrefix(condition, "?")
		if err := a.conditionFor(c, k, change.Condition); err != nil {
			return a.told(err)
		}
	}
	return a.write(w, r, c, k, change)
}

// update answers PUT /Type/id, and PUT /Type?condition.
func (a *API) update(w http.ResponseWriter, r *http.Request, k *find.Kind, id string) error {
	c, err := a.writer(r, k, access.UpdateAction)
	if err != nil {
		return err
	}
	change := shelf.Change{Method: shelf.Update, Kind: k.Name, ID: id, Entry: -1}
	if id == "" {
		if change.Condition, err = a.conditionOf(r, c, k); err != nil {
			return err
		}
		change.Asked = true
	} else if err := goodID(id); err != nil {
		return err
	} else if done, err := a.updateOwn(w, r, c, k, id, func(*find.Item) ([]byte, error) { return a.body(w, r) }); done || err != nil {
		return err
	}
	change.IfMatch = versionOf(r.Header.Get("If-Match"))
	change.IfNone = strings.TrimSpace(r.Header.Get("If-None-Match")) == "*"
	if change.Resource, err = a.resource(w, r, k); err != nil {
		return err
	}
	switch sent := change.Resource.ID; {
	case change.Resource.Part():
		return partWritten(k.Name)
	case id != "" && sent != id:
		t := outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.other_id")
		t.Issues[0].Path = k.Name + ".id"
		return t
	case id == "" && sent != "":
		if err := goodID(sent); err != nil {
			return err
		}
		change.ID = sent
	}
	return a.write(w, r, c, k, change)
}

// partWritten refuses a part of a resource, as _elements and _summary tell it, in
// place of the whole: what was left out would be lost.
func partWritten(path string) *outcome.Trouble {
	t := outcome.Troubled(http.StatusUnprocessableEntity, "business-rule", "card.fhir.part_written")
	t.Issues[0].Path = path + ".meta.tag"
	return t
}

// remove answers DELETE /Type/id, and DELETE /Type?condition where one fits it.
func (a *API) remove(w http.ResponseWriter, r *http.Request, k *find.Kind, id string) error {
	c, err := a.writer(r, k, access.DeleteAction)
	if err != nil {
		return err
	}
	change := shelf.Change{Method: shelf.Delete, Kind: k.Name, ID: id, Entry: -1}
	if id == "" {
		if change.Condition, err = a.conditionOf(r, c, k); err != nil {
			return err
		}
		change.Asked = true
	}
	change.IfMatch = versionOf(r.Header.Get("If-Match"))
	return a.write(w, r, c, k, change)
}

// conditionOf is the condition in the URL of a conditional update or delete. No
// ПИН may stand in it: a bundle or If-None-Exist takes one.
func (a *API) conditionOf(r *http.Request, c access.Caller, k *find.Kind) (string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
	}
	delete(values, "_format")
	if name, ok := find.CarriesPIN(values); ok {
		t := outcome.Troubled(http.StatusBadRequest, "security", "card.fhir.pin_in_url")
		t.Issues[0].Expression = find.Clip(name)
		return "", t
	}
	condition := values.Encode()
	if err := a.conditionFor(c, k, condition); err != nil {
		return "", a.told(err)
	}
	return condition, nil
}

// conditionFor says what is wrong with a condition, or with this caller's asking.
func (a *API) conditionFor(c access.Caller, k *find.Kind, condition string) error {
	q, err := a.condition(k, condition)
	if err != nil {
		return err
	}
	return personal(c, q)
}

// told turns a refusal of the shelf into an answer.
func (a *API) told(err error) error {
	if r, ok := errors.AsType[*shelf.Refusal](err); ok {
		return refusal(r)
	}
	return err
}

// write does one change and answers it.
func (a *API) write(w http.ResponseWriter, r *http.Request, c access.Caller, k *find.Kind, change shelf.Change) error {
	done, err := a.shelf.Write(r.Context(), a.work(c, change))
	if err != nil {
		return a.told(err)
	}
	d := done[0]
	h := w.Header()
	if !d.Own {
		h.Set("ETag", `W/"`+strconv.FormatInt(d.Version, 10)+`"`)
		h.Set("Last-Modified", d.Updated.UTC().Truncate(time.Second).Format(http.TimeFormat))
	}
	if d.Status == http.StatusNoContent {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if d.Status == http.StatusCreated || change.Asked {
		h.Set("Location", a.location(d))
	}
	body, err := a.answer(r, c, k, d)
	if err != nil {
		return err
	}
	if body == nil {
		w.WriteHeader(d.Status)
		return nil
	}
	send(w, d.Status, body)
	return nil
}

// location is the address of what was written, with its version.
func (a *API) location(d shelf.Done) string {
	at := a.base + "/" + d.Kind + "/" + d.ID
	if d.Own {
		return at
	}
	return at + "/_history/" + strconv.FormatInt(d.Version, 10)
}

// answer is the body of the answer to a write, as Prefer asks: the resource,
// nothing, or an OperationOutcome. What was there already is shown only to
// those who may read it.
func (a *API) answer(r *http.Request, c access.Caller, k *find.Kind, d shelf.Done) ([]byte, error) {
	ctx := r.Context()
	switch preferred(r, "return") {
	case "minimal":
		return nil, nil
	case "OperationOutcome":
		return datatype.Encode(outcome.Of(ctx, []outcome.Issue{{Severity: "information", Code: "informational", Key: "card.fhir.written"}}))
	}
	if !d.Same {
		return d.Body, nil
	}
	allowed, err := c.Reach(k.Name, access.ReadAction)
	if err != nil {
		return nil, nil //nolint:nilerr // whoever may write alone is told where it is, not what it says
	}
	if !d.Own {
		return d.Body, nil
	}
	items, err := k.Items(ctx, allowed, []string{d.ID})
	if err != nil || len(items) == 0 {
		return nil, err
	}
	return items[0].JSON, nil
}

// preferred is the value of one preference of the header Prefer (RFC 7240).
func preferred(r *http.Request, name string) string {
	for _, header := range r.Header.Values("Prefer") {
		for one := range strings.FieldsFuncSeq(header, func(c rune) bool { return c == ',' || c == ';' }) {
			key, value, _ := strings.Cut(strings.ReplaceAll(one, " ", ""), "=")
			if strings.EqualFold(key, name) {
				return strings.Trim(value, `"`)
			}
		}
	}
	return ""
}
