package r4

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSynthea(t *testing.T) {
	files, _ := filepath.Glob("/work/shared/data/synthea/*.json")
	count := map[string]int{}
	for _, f := range files {
		data, _ := os.ReadFile(f)
		_, kind, entries := ReadBundle(data)
		if kind != "transaction" {
			t.Fatal(kind)
		}
		for _, e := range entries {
			for _, f := range e.Resource.Faults {
				count[f.String()]++
			}
			e.Resource.Marks()
		}
	}
	n := 0
	for k, v := range count {
		if n++; n < 40 {
			t.Log(v, k)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	files, _ := filepath.Glob("/work/shared/data/synthea/*.json")
	data, _ := os.ReadFile(files[0])
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, _, entries := ReadBundle(data)
		for _, e := range entries {
			e.Resource.Marks()
			e.Resource.Render("x", "1", "x", func(int) string { return "" })
		}
	}
}
