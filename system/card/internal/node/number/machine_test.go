package number

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func computer(id string, cards ...string) fstest.MapFS {
	all := fstest.MapFS{"etc/machine-id": {Data: []byte(id + "\n")}}
	for at, address := range cards {
		dir := "sys/class/net/eth" + string(rune('0'+at)) + "/"
		all[dir+"device/uevent"], all[dir+"addr_assign_type"], all[dir+"address"] = &fstest.MapFile{}, &fstest.MapFile{Data: []byte("0\n")}, &fstest.MapFile{Data: []byte(address + "\n")}
	}
	return all
}

// What may change in one computer does not make it another; what cannot, does.
func TestMachine(t *testing.T) {
	const one, two = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	wireless := computer(one, "02:00:00:00:00:01")
	wireless["sys/class/net/eth0/phy80211/name"] = &fstest.MapFile{}
	bonded := computer(one, "02:00:00:00:00:03")
	bonded["sys/class/net/eth0/addr_assign_type"] = &fstest.MapFile{Data: []byte("3\n")}
	container := computer("", "02:00:00:00:00:04")
	delete(container, "sys/class/net/eth0/device/uevent")
	for name, c := range map[string]struct {
		before, now fstest.MapFS
		other       bool
	}{
		"the same":                  {computer(one, "a1"), computer(one, "a1"), false},
		"another system":            {computer(one, "a1"), computer(two, "a1"), true},
		"a copy with another card":  {computer(one, "a1"), computer(one, "b1"), true},
		"one card of two replaced":  {computer(one, "a1", "a2"), computer(one, "a1", "b2"), false},
		"a card was added":          {computer(one, "a1"), computer(one, "a1", "a2"), false},
		"nothing known before":      {fstest.MapFS{}, computer(one, "a1"), false},
		"nothing known now":         {computer(one, "a1"), fstest.MapFS{}, false},
		"an image not yet started":  {computer("uninitialized", "a1"), computer(one, "a1"), false},
		"a card without a wire":     {wireless, computer(one, "b1"), false},
		"an address given by hand":  {bonded, computer(one, "b1"), false},
		"a container's own network": {container, computer("", "b1"), false},
	} {
		if got := machineIn(c.before).Other(machineIn(c.now)); got != c.other {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A witness knows where it was written, through everything that is added to it.
func TestWitnessKnowsWhereItStands(t *testing.T) {
	w := Witness(filepath.Join(t.TempDir(), "witness"))
	here, elsewhere := Machine{ID: "a", Cards: []string{"1", "2"}}, Machine{ID: "b"}
	if err := w.Renew(Seen{Epoch: 3, Given: map[string]int64{"r": 4}}, here); err != nil {
		t.Fatal(err)
	}
	if err := w.Given("r", 9); err != nil {
		t.Fatal(err)
	}
	check := func(w Witness, m Machine, want bool) {
		t.Helper()
		seen, err := w.Read()
		if err != nil || seen.Epoch != 3 || seen.Given["r"] != 9 {
			t.Fatalf("%+v %v", seen, err)
		}
		if moved, err := w.Moved(m); err != nil || moved != want || seen.Moved(m) != want {
			t.Errorf("moved %v, seen so %v, %v", moved, seen.Moved(m), err)
		}
	}
	check(w, here, false)
	check(w, Machine{}, false)
	check(w, elsewhere, true)
	data, err := os.ReadFile(string(w))
	if err != nil {
		t.Fatal(err)
	}
	copied := Witness(filepath.Join(t.TempDir(), "witness"))
	if err := os.WriteFile(string(copied), data, 0o600); err != nil {
		t.Fatal(err)
	}
	check(copied, here, fileOf(string(w)) != fileOf(string(copied)))
	// One of a version that did not note it, and none at all.
	old := Witness(filepath.Join(t.TempDir(), "witness"))
	if err := os.WriteFile(string(old), []byte(line("epoch 3")+line("given r 9")), 0o600); err != nil {
		t.Fatal(err)
	}
	check(old, elsewhere, false)
	if moved, err := Witness(filepath.Join(t.TempDir(), "none")).Moved(here); err != nil || moved {
		t.Error(moved, err)
	}
}
