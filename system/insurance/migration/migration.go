// Package migration holds the tables of the fund.
package migration

import (
	"embed"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/session"
)

//go:embed *.sql
var files embed.FS

// Sets is everything the fund's database needs, in order.
var Sets = []db.Set{job.Migration, audit.Migration, session.Migration, icd.Migration, procedure.Migration, {Name: "insurance", Files: files}}
