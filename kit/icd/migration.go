package icd

import (
	"embed"

	"github.com/sanarip/sanarip/kit/db"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migration is the tables of the classification, for a system that has none of
// them. The card's stand in its own migrations, from before it was shared.
var Migration = db.Set{Name: "icd", Files: migrations, Dir: "migration"}
