package number

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Machine is by what a program tells one computer from another, as digests. Each
// may be missing: nothing is concluded from what is not known.
type Machine struct {
	ID    string   // of the installed system (machine-id of systemd), "" where there is none
	Cards []string // built-in network cards by their addresses, in order
}

// ThisMachine reads it from the roots of /etc and /sys.
func ThisMachine() Machine { return machineIn(os.DirFS("/")) }

func machineIn(root fs.FS) Machine {
	var m Machine
	read := func(path string) string {
		data, err := fs.ReadFile(root, path)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(data))
	}
	// Before its first start an image has "uninitialized" or nothing here.
	if id := read("etc/machine-id"); len(id) == 32 {
		m.ID = digest(id)
	}
	cards, err := fs.ReadDir(root, "sys/class/net")
	if err != nil {
		return m
	}
	for _, card := range cards {
		dir := "sys/class/net/" + card.Name() + "/"
		if _, err := fs.Stat(root, dir+"device"); err != nil { // made by software: of a container, a tunnel
			continue
		}
		if _, err := fs.Stat(root, dir+"phy80211"); err == nil { // may bear a new address at each network
			continue
		}
		if read(dir+"addr_assign_type") != "0" { // given by hand or by chance
			continue
		}
		if address := read(dir + "address"); address != "" && strings.Trim(address, "0:") != "" {
			m.Cards = append(m.Cards, digest(address))
		}
	}
	slices.Sort(m.Cards)
	return m
}

func digest(s string) string {
	sum := sha256.Sum256([]byte("machine of a node\n" + s))
	return hex.EncodeToString(sum[:8])
}

// Other says that the two are not one computer: the system is another, or not one
// of the cards is the same. A card that was replaced beside another says nothing.
func (m Machine) Other(than Machine) bool {
	if m.ID != "" && than.ID != "" && m.ID != than.ID {
		return true
	}
	shared := slices.ContainsFunc(m.Cards, func(card string) bool { return slices.Contains(than.Cards, card) })
	return len(m.Cards) > 0 && len(than.Cards) > 0 && !shared
}

// stand is where a witness was written.
type stand struct {
	Machine

	File string // number of the file in its file system: a copy has another; "" where files have none
}

func (s stand) words() string {
	one := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	return one(s.ID) + " " + one(s.File) + " " + one(strings.Join(s.Cards, ","))
}

func readStand(words []string) stand {
	var s stand
	for at, into := range []*string{&s.ID, &s.File} {
		if words[at] != "-" {
			*into = words[at]
		}
	}
	if words[2] != "-" {
		s.Cards = strings.Split(words[2], ",")
	}
	return s
}

// Moved says that the witness is not where it was written: a copy of it, or its
// disk in another computer. Whoever has the original may be giving numbers, too.
func (s Seen) Moved(here Machine) bool {
	return s.stood.Other(here) || s.stood.File != "" && s.file != "" && s.stood.File != s.file
}

// fileOf is the number of the file, "" where it has none.
func fileOf(path string) string {
	info, err := os.Stat(filepath.Clean(path))
	if err != nil {
		return ""
	}
	return fileNumber(info)
}
