package number

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Witness is the name of a file outside of the database, of which no backup is
// made: what it has seen the database must know. Lines are added, each with its
// own sum; one that a power cut tore is not there.
//
//	epoch E
//	place SEQUENCE HASH    a change got its place
//	given REQUEST N        a number of a range was given
type Witness string

// Seen is what the witness knows.
type Seen struct {
	Exists   bool
	Epoch    int64
	Sequence int64
	Hash     string
	Given    map[string]int64 // the highest number by range
}

// Read reads the file; one that is not there has seen nothing.
func (w Witness) Read() (Seen, error) {
	s := Seen{Given: map[string]int64{}}
	file, err := os.Open(string(w))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		said, sum, ok := strings.Cut(lines.Text(), " #")
		if !ok || sum != sumOf(said) {
			continue
		}
		words := strings.Fields(said)
		switch {
		case len(words) == 2 && words[0] == "epoch":
			// A new epoch begins a new order; ranges of the old one are still given.
			s.Exists, s.Sequence, s.Hash = true, 0, ""
			s.Epoch, err = strconv.ParseInt(words[1], 10, 64)
		case len(words) == 3 && words[0] == "place":
			s.Hash = words[2]
			s.Sequence, err = strconv.ParseInt(words[1], 10, 64)
		case len(words) == 3 && words[0] == "given":
			var n int64
			n, err = strconv.ParseInt(words[2], 10, 64)
			s.Given[words[1]] = max(s.Given[words[1]], n)
		}
		if err != nil {
			return s, err
		}
	}
	return s, lines.Err()
}

func sumOf(said string) string {
	sum := sha256.Sum256([]byte(said))
	return hex.EncodeToString(sum[:4])
}

func line(format string, args ...any) string {
	said := fmt.Sprintf(format, args...)
	return said + " #" + sumOf(said) + "\n"
}

// Given notes a number before anybody is shown it.
func (w Witness) Given(request string, n int64) error { return w.add(line("given %s %d", request, n)) }

// Place notes the newest place.
func (w Witness) Place(sequence int64, hash string) error {
	return w.add(line("place %d %s", sequence, hash))
}

// ready says why nothing could be noted now.
func (w Witness) ready() error {
	file, err := os.OpenFile(string(w), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

func (w Witness) add(text string) error {
	file, err := os.OpenFile(string(w), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString("\n" + text) // after a torn line a new one begins
	return errors.Join(err, file.Sync(), file.Close())
}

// Renew writes the file anew, short: at the start, and when an epoch begins.
func (w Witness) Renew(s Seen) error {
	if err := os.MkdirAll(filepath.Dir(string(w)), 0o700); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(line("epoch %d", s.Epoch))
	if s.Sequence > 0 {
		b.WriteString(line("place %d %s", s.Sequence, s.Hash))
	}
	for request, n := range s.Given {
		b.WriteString(line("given %s %d", request, n))
	}
	draft, err := os.CreateTemp(filepath.Dir(string(w)), ".witness-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(b.String())
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Rename(draft.Name(), string(w)); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(string(w)))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
