// Package migration holds the tables of the patient card.
package migration

import (
	"embed"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/session"
)

//go:embed *.sql
var files embed.FS

// Sets is everything the card's database needs, in order.
var Sets = []db.Set{job.Migration, audit.Migration, session.Migration, procedure.Migration, {Name: "card", Files: files}}
