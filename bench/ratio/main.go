// Command ratio reads the output of `go test -bench` and prints, for each
// benchmark X that has a reference XReference run in the same minute, how the
// two compare: the median time of the reference over the median time of X. One
// means as fast as the reference, 0.5 half as fast.
//
//	go test -bench . -count 5 ./… | go run ./bench/ratio
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := report(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var line = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([0-9.]+) ns/op`)

func report(in io.Reader, out io.Writer) error {
	times := map[string][]float64{}
	var order []string
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		match := line.FindStringSubmatch(scanner.Text())
		if match == nil {
			continue
		}
		ns, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			return err
		}
		if _, known := times[match[1]]; !known {
			order = append(order, match[1])
		}
		times[match[1]] = append(times[match[1]], ns)
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	if len(order) == 0 {
		return fmt.Errorf("no benchmark results were read")
	}
	_, err := fmt.Fprintln(out, "| what | per second | reference, per second | ratio |\n|---|---:|---:|---:|")
	for _, name := range order {
		reference, ok := times[referenceOf(name)]
		if !ok || strings.Contains(name, "Reference") {
			continue
		}
		mine, theirs := median(times[name]), median(reference)
		if _, err = fmt.Fprintf(out, "| %s | %.0f | %.0f | %.2f |\n", name, 1e9/mine, 1e9/theirs, theirs/mine); err != nil {
			return err
		}
	}
	return err
}

// referenceOf is Discharge/sqlite → DischargeReference/sqlite.
func referenceOf(name string) string {
	head, tail, sub := strings.Cut(name, "/")
	if sub {
		return head + "Reference/" + tail
	}
	return head + "Reference"
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
