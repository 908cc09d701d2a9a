// Package patch changes a resource by a JSON Patch (RFC 6902): the operations are
// done in their order, all of them or none.
package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Bounds of a patch. A copy of a copy doubles what is there: what copies add is
// counted in values, of all operations together.
const (
	MostBytes      = 1 << 20
	mostOperations = 200
	mostCopied     = 100_000
)

// MediaType is that of a JSON Patch.
const MediaType = "application/json-patch+json"

// ErrUnread says that the text is no patch that can be done.
var ErrUnread = errors.New("patch: not a JSON Patch")

// Misfit says which operation does not fit the resource: what it names is not
// there, or is not as it was said to be.
type Misfit struct{ Operation int } // from 0

func (m *Misfit) Error() string {
	return "patch: operation " + strconv.Itoa(m.Operation) + " does not fit"
}

var errMisfit = errors.New("patch: does not fit")

// Patch is a list of operations.
type Patch []operation

type operation struct {
	op         string
	path, from []string
	value      any
}

// Read understands a patch; ErrUnread if it is none, or is larger than the bounds.
func Read(text []byte) (Patch, error) {
	var sent []struct {
		Op    string           `json:"op"`
		Path  *string          `json:"path"`
		From  *string          `json:"from"`
		Value *json.RawMessage `json:"value"`
	}
	if len(text) > MostBytes || !utf8.Valid(text) || json.Unmarshal(text, &sent) != nil || len(sent) == 0 || len(sent) > mostOperations {
		return nil, ErrUnread
	}
	all := make(Patch, len(sent))
	for i, s := range sent {
		one := operation{op: s.Op}
		var ok bool
		if one.path, ok = pointer(s.Path); !ok {
			return nil, ErrUnread
		}
		switch s.Op {
		case "add", "replace", "test":
			if s.Value == nil { // a JSON null is none either: no element of FHIR is null
				return nil, ErrUnread
			}
			value, err := decode(*s.Value)
			if err != nil {
				return nil, ErrUnread
			}
			one.value = value
		case "move", "copy":
			if one.from, ok = pointer(s.From); !ok {
				return nil, ErrUnread
			}
		case "remove":
		default:
			return nil, ErrUnread
		}
		all[i] = one
	}
	return all, nil
}

// pointer reads a JSON Pointer (RFC 6901).
func pointer(text *string) ([]string, bool) {
	if text == nil || *text != "" && (*text)[0] != '/' {
		return nil, false
	}
	if *text == "" {
		return nil, true
	}
	parts := strings.Split((*text)[1:], "/")
	for i, p := range parts {
		rest := strings.ReplaceAll(strings.ReplaceAll(p, "~0", ""), "~1", "")
		if strings.Contains(rest, "~") {
			return nil, false
		}
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts, true
}

// decode keeps numbers as they are written.
func decode(text []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrUnread
	}
	return value, nil
}

// Apply gives the resource as the patch makes it. The error is a *Misfit where an
// operation does not fit.
func (p Patch) Apply(resource []byte) ([]byte, error) {
	value, err := decode(resource)
	if err != nil {
		return nil, err
	}
	left := mostCopied
	for i, o := range p {
		if value, err = o.do(value, &left); err != nil {
			return nil, &Misfit{i}
		}
	}
	return datatype.Encode(value)
}

func (o operation) do(value any, left *int) (any, error) {
	switch o.op {
	case "add":
		return edit(value, o.path, adding, copied(o.value))
	case "remove":
		return edit(value, o.path, removing, nil)
	case "replace":
		return edit(value, o.path, replacing, copied(o.value))
	case "test":
		found, err := at(value, o.path)
		if err != nil || !same(found, o.value) {
			return nil, errMisfit
		}
		return value, nil
	}
	found, err := at(value, o.from)
	if err != nil {
		return nil, err
	}
	if o.op == "copy" {
		if !count(found, left) {
			return nil, errMisfit
		}
		return edit(value, o.path, adding, copied(found))
	}
	if len(o.path) > len(o.from) && slices.Equal(o.path[:len(o.from)], o.from) { // into itself
		return nil, errMisfit
	}
	if value, err = edit(value, o.from, removing, nil); err != nil {
		return nil, err
	}
	return edit(value, o.path, adding, found)
}

// at is the value of the path.
func at(value any, path []string) (any, error) {
	for _, name := range path {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[name]
			if !ok {
				return nil, errMisfit
			}
			value = next
		case []any:
			i, ok := index(name, len(v)-1)
			if !ok {
				return nil, errMisfit
			}
			value = v[i]
		default:
			return nil, errMisfit
		}
	}
	return value, nil
}

// index is the place in an array, as RFC 6901 writes it: without leading zeros.
func index(name string, most int) (int, bool) {
	i, err := strconv.Atoi(name)
	return i, err == nil && i >= 0 && i <= most && strconv.Itoa(i) == name
}

type doing byte

const (
	adding doing = iota
	removing
	replacing
)

// edit changes what is at the path and gives the whole.
func edit(value any, path []string, do doing, with any) (any, error) {
	if len(path) == 0 {
		if do == removing {
			return nil, errMisfit
		}
		return with, nil
	}
	name, rest := path[0], path[1:]
	switch v := value.(type) {
	case map[string]any:
		return v, editMember(v, name, rest, do, with)
	case []any:
		return editArray(v, name, rest, do, with)
	}
	return nil, errMisfit
}

func editMember(v map[string]any, name string, rest []string, do doing, with any) error {
	old, there := v[name]
	switch {
	case !there && (do != adding || len(rest) > 0):
		return errMisfit
	case len(rest) > 0:
		changed, err := edit(old, rest, do, with)
		if err == nil {
			v[name] = changed
		}
		return err
	case do == removing:
		delete(v, name)
	default:
		v[name] = with
	}
	return nil
}

func editArray(v []any, name string, rest []string, do doing, with any) (any, error) {
	if do == adding && len(rest) == 0 {
		if name == "-" {
			return append(v, with), nil
		}
		i, ok := index(name, len(v))
		if !ok {
			return nil, errMisfit
		}
		return slices.Insert(v, i, with), nil
	}
	i, ok := index(name, len(v)-1)
	if !ok {
		return nil, errMisfit
	}
	if len(rest) > 0 {
		changed, err := edit(v[i], rest, do, with)
		v[i] = changed
		return v, err
	}
	if do == removing {
		return slices.Delete(v, i, i+1), nil
	}
	v[i] = with
	return v, nil
}

// count takes the values within from what is left; false if they are more.
func count(value any, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch v := value.(type) {
	case map[string]any:
		for _, one := range v {
			if !count(one, left) {
				return false
			}
		}
	case []any:
		for _, one := range v {
			if !count(one, left) {
				return false
			}
		}
	case string:
		*left -= len(v) / 16
	}
	return true
}

// copied is the value anew: two places must not change together.
func copied(value any) any {
	switch v := value.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for name, one := range v {
			all[name] = copied(one)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, one := range v {
			all[i] = copied(one)
		}
		return all
	}
	return value
}

// same compares as RFC 6902 says: numbers by their value.
func same(a, b any) bool {
	x, ok := a.(json.Number)
	y, both := b.(json.Number)
	if ok && both {
		p, err := x.Float64()
		q, failed := y.Float64()
		return x == y || err == nil && failed == nil && p == q
	}
	switch v := a.(type) {
	case map[string]any:
		w, ok := b.(map[string]any)
		if !ok || len(v) != len(w) {
			return false
		}
		for name, one := range v {
			other, there := w[name]
			if !there || !same(one, other) {
				return false
			}
		}
		return true
	case []any:
		w, ok := b.([]any)
		return ok && slices.EqualFunc(v, w, same)
	}
	return reflect.DeepEqual(a, b)
}
