// Package config gathers the configuration of the program from its four places.
// A later one wins: the default, the file, the environment, the command line.
// Every key is declared with what it means; a key or a SANARIP_ variable that
// nobody declared is refused by name, with the nearest one that exists, because
// a misspelt setting that is silently ignored is found only when it hurts.
package config

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Prefix is that of the environment's variables: the key site_card is SANARIP_SITE_CARD.
const Prefix = "SANARIP_"

// exempt are variables of the tests, which are no configuration.
const exempt = Prefix + "TEST_"

// Key declares one setting.
type Key struct {
	Name    string // lower case with underscores
	Default string
	Doc     string // one sentence: what it does, its unit
	Secret  bool   // never shown
}

// Variable is the key's name in the environment.
func (k Key) Variable() string { return Prefix + strings.ToUpper(k.Name) }

// Origin says where a value comes from.
type Origin string

// The origins, from the weakest to the strongest.
const (
	Default     Origin = "default"
	File        Origin = "file"
	Environment Origin = "environment"
	CommandLine Origin = "command line"
)

// Value is a setting with where it comes from.
type Value struct {
	Key
	Value  string
	Origin Origin
}

// Shown is the value as it may be printed.
func (v Value) Shown() string {
	if v.Secret && v.Value != "" {
		return "********"
	}
	return v.Value
}

// Values are all settings.
type Values struct {
	keys   []Key
	values map[string]Value
}

// Load reads the settings. file is the path of a TOML file of plain key = value
// lines, "" for none; environ is os.Environ(); flags are the command line's, by
// key. All mistakes are told at once.
func Load(keys []Key, file string, environ []string, flags map[string]string) (*Values, error) {
	v := &Values{keys: keys, values: make(map[string]Value, len(keys))}
	for _, key := range keys {
		v.values[key.Name] = Value{key, key.Default, Default}
	}
	var mistakes []string
	if file != "" {
		wrong, err := v.readFile(file)
		if err != nil {
			return nil, err
		}
		mistakes = append(mistakes, wrong...)
	}
	mistakes = append(mistakes, v.readEnvironment(environ)...)
	for name, value := range flags {
		if !v.set(name, value, CommandLine) {
			mistakes = append(mistakes, v.unknown("the command line", name, name))
		}
	}
	if len(mistakes) > 0 {
		slices.Sort(mistakes)
		return nil, fmt.Errorf("%s\n`sanarip config` lists every key", strings.Join(mistakes, "\n"))
	}
	return v, nil
}

func (v *Values) set(name, value string, origin Origin) bool {
	known, ok := v.values[name]
	if ok {
		v.values[name] = Value{known.Key, value, origin}
	}
	return ok
}

func (v *Values) readFile(path string) (mistakes []string, err error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := toml.Unmarshal(data, &content); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for name, value := range content {
		var s string
		switch value := value.(type) {
		case string:
			s = value
		case bool:
			s = strconv.FormatBool(value)
		case int64:
			s = strconv.FormatInt(value, 10)
		default:
			mistakes = append(mistakes, fmt.Sprintf("%s: %s must be a text, a whole number, true or false", path, name))
			continue
		}
		if !v.set(name, s, File) {
			mistakes = append(mistakes, v.unknown(path, name, name))
		}
	}
	return mistakes, nil
}

func (v *Values) readEnvironment(environ []string) (mistakes []string) {
	for _, line := range environ {
		variable, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(variable, Prefix) || strings.HasPrefix(variable, exempt) {
			continue
		}
		name := strings.ToLower(strings.TrimPrefix(variable, Prefix))
		if !v.set(name, value, Environment) {
			mistakes = append(mistakes, v.unknown("the environment", name, variable))
		}
	}
	return mistakes
}

// unknown names the mistake, never the value: it may be a secret.
func (v *Values) unknown(where, name, written string) string {
	message := fmt.Sprintf("%s: there is no key %s", where, written)
	if near := v.nearest(name); near != "" {
		if strings.HasPrefix(written, Prefix) {
			near = Key{Name: near}.Variable()
		}
		message += "; did you mean " + near + "?"
	}
	return message
}

func (v *Values) nearest(name string) string {
	best, least := "", len(name)/2+1
	for _, key := range v.keys {
		if d := distance(name, key.Name); d < least {
			best, least = key.Name, d
		}
	}
	return best
}

// distance is the number of letters to add, drop or change (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Text is the value of a key. A key that was not declared is a fault of the
// program and panics.
func (v *Values) Text(name string) string {
	value, ok := v.values[name]
	if !ok {
		panic("config: key " + name + " is not declared")
	}
	return value.Value
}

// Given says whether somebody set the key.
func (v *Values) Given(name string) bool {
	return v.values[name].Origin != Default && v.Text(name) != ""
}

// Bool is a value of true or false.
func (v *Values) Bool(name string) (bool, error) {
	switch strings.ToLower(v.Text(name)) {
	case "", "false", "0", "no":
		return false, nil
	case "true", "1", "yes":
		return true, nil
	}
	return false, fmt.Errorf("%s must be true or false", name)
}

// Int is a whole number of at least 1.
func (v *Values) Int(name string) (int, error) {
	n, err := strconv.Atoi(v.Text(name))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s must be a whole number of at least 1", name)
	}
	return n, nil
}

// Duration is a value such as 10s or 2m.
func (v *Values) Duration(name string) (time.Duration, error) {
	d, err := time.ParseDuration(v.Text(name))
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s must be a duration such as 10s or 2m", name)
	}
	return d, nil
}

// All lists every key in the order of declaration.
func (v *Values) All() []Value {
	all := make([]Value, 0, len(v.keys))
	for _, key := range v.keys {
		all = append(all, v.values[key.Name])
	}
	return all
}
