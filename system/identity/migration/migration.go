// Package migration holds the tables of ЕСИ.
package migration

import (
	"embed"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
)

//go:embed *.sql
var files embed.FS

// Sets is everything ЕСИ's database needs, in order.
var Sets = []db.Set{job.Migration, audit.Migration, {Name: "identity", Files: files}}
