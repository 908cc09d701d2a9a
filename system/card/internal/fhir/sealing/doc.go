// Package sealing makes ids and cursors that may stand in URLs: whoever has not
// the key of this installation reads nothing out of them.
package sealing
