package icd

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// Report says what an import read and did.
type Report struct {
	Rows      int      // read, without the first line
	Bad       []BadRow // left out, the first thousand
	BadRows   int      // all that were left out
	Added     int      // codes new to the classification
	Changed   int      // with another name, place or state
	Withdrawn int      // no longer in the file, or marked as not actual: kept, not usable
	Same      int
	Usable    int // codes that may stand as a diagnosis now
}

// progressEvery is how often progress is told, in rows.
const progressEvery = 500

// Import reads a file of ICD-10 and makes the classification what the file
// says, in one transaction. Bad rows are reported and left out; what they are
// about stays as it is. The same file again changes nothing. A code that is gone
// is withdrawn, never deleted: old diagnoses name it.
//
// progress may be nil; it is told the rows read and how many of them were bad.
func Import(ctx context.Context, d *db.DB, c clock.Clock, in io.Reader, source string, progress func(done, bad int)) (Report, error) {
	var report Report
	var rows []row
	tell := func() {
		if progress != nil && report.Rows%progressEvery == 0 {
			progress(report.Rows, report.BadRows)
		}
	}
	err := parse(&stoppable{ctx, in}, func(r row) {
		report.Rows++
		rows = append(rows, r)
		tell()
	}, func(b BadRow) {
		report.Rows++
		report.BadRows++
		if len(report.Bad) < maxBadKept {
			report.Bad = append(report.Bad, b)
		}
		tell()
	})
	if err != nil {
		return report, err
	}
	if len(rows) == 0 {
		return report, fmt.Errorf("the file has no good row: nothing was changed")
	}
	codes := arrange(rows)
	read := report
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		report = read // a transaction tried again counts anew
		return replace(ctx, tx, codes, source, db.Micros(c.Now()), &report)
	})
	if progress != nil {
		progress(report.Rows, report.BadRows)
	}
	return report, err
}

// arrange finds each row's heading and decides which codes may stand as a
// diagnosis: those of three characters that are not parted further, and all of
// four and five; of what is still in force.
func arrange(rows []row) []Code {
	codeOf := make(map[string]string, len(rows))
	parted := map[string]bool{}
	for _, r := range rows {
		codeOf[r.id] = r.code
	}
	for _, r := range rows {
		if r.actual && codeShape.MatchString(r.code) {
			if parent := codeOf[r.parentID]; parent != r.code {
				parted[parent] = true
			}
			if len(r.code) > 3 {
				parted[r.code[:3]] = true // also where the heading's row was bad
			}
		}
	}
	codes := make([]Code, 0, len(rows))
	for _, r := range rows {
		parent := codeOf[r.parentID]
		if parent == r.code {
			parent = ""
		}
		usable := r.actual && codeShape.MatchString(r.code) && (len(r.code) > 3 || !parted[r.code])
		codes = append(codes, Code{Code: r.code, Name: r.name, Parent: parent, Usable: usable})
	}
	return codes
}

// stoppable ends reading when ctx does.
type stoppable struct {
	ctx context.Context
	in  io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.in.Read(p)
}
