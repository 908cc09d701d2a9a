// Package check holds the tests of the house itself: who may import whom, that
// every word is spoken in three languages and every key used, that both engines
// have the same tables, that pages carry no inline scripts or styles. They read
// the source afresh, so run them uncached (make test does).
package check
