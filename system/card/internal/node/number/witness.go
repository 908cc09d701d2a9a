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
//	stands ID FILE CARDS   where the file was written: a copy knows that it is one
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
	stood    stand            // where it was written
	file     string           // the file as it is now
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
	s.file = fileOf(string(w))
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
		case len(words) == 4 && words[0] == "stands":
			s.stood = readStand(words[1:])
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

// errMoved says that the witness is a copy, or in another computer.
var errMoved = errors.New("the witness of the numbers is not where it was written")

// ready refuses to give a number that could not be witnessed, and one that another
// may be giving, too.
func (w Witness) ready() error {
	file, err := os.OpenFile(string(w), os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return err
	}
	moved, err := w.Moved(ThisMachine())
	if err == nil && moved {
		err = errMoved
	}
	return err
}

// Moved is Seen.Moved without reading more than the beginning of the file.
func (w Witness) Moved(here Machine) (bool, error) {
	file, err := os.Open(string(w))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	s := Seen{file: fileOf(string(w))}
	if lines := bufio.NewScanner(file); lines.Scan() {
		said, sum, ok := strings.Cut(lines.Text(), " #")
		if words := strings.Fields(said); ok && sum == sumOf(said) && len(words) == 4 && words[0] == "stands" {
			s.stood = readStand(words[1:])
		}
	}
	return s.Moved(here), nil
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
func (w Witness) Renew(s Seen, here Machine) error {
	if err := os.MkdirAll(filepath.Dir(string(w)), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(string(w)), ".witness-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	var b strings.Builder
	b.WriteString(line("stands %s", stand{Machine: here, File: fileOf(draft.Name())}.words())) // first: see Moved
	b.WriteString(line("epoch %d", s.Epoch))
	if s.Sequence > 0 {
		b.WriteString(line("place %d %s", s.Sequence, s.Hash))
	}
	for request, n := range s.Given {
		b.WriteString(line("given %s %d", request, n))
	}
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
