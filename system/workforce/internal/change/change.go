// Package change keeps what was changed in the register, by whom, with the
// values before and after. Nothing here is ever altered. Each change has a
// record in the chain of access records too, which names its hash.
package change

import (
	"time"
)

// Purpose of the access records.
const Purpose = "register"

// Actor is who acts.
type Actor struct {
	PIN, Name, Role, Organisation string // Role and Organisation in words, as they are now
}

// Field is a value before and after; "" for none.
type Field struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Change is one change of one object.
type Change struct {
	ID           string
	Organisation string
	Object       string // "organisation", "department/05", "licence"…
	Version      int64  // of the object after it, 0 where it has none
	Action       string // code: "organisation.edit"
	Fields       []Field
	At           time.Time
	By           Actor
	// For the access record alone: the ПИН of the person it is about, "" for none,
	// and why, "" for keeping the register.
	Subject, Purpose string
}

// Value is one named value of an object.
type Value struct{ Name, Value string }

// Diff is the values that differ, in the order of after; both lists name the
// same values in the same order, and a nil list stands for all empty.
func Diff(before, after []Value) []Field {
	var fields []Field
	for i := range max(len(before), len(after)) {
		var f Field
		if i < len(before) {
			f.Name, f.Before = before[i].Name, before[i].Value
		}
		if i < len(after) {
			f.Name, f.After = after[i].Name, after[i].Value
		}
		if f.Before != f.After {
			fields = append(fields, f)
		}
	}
	return fields
}
