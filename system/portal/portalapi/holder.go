package portalapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Holder is whose documents are asked for. The portal answers only the person
// themselves: the caller's user is the same.
type Holder struct {
	PIN      string `json:"pin"`
	Document string `json:"document,omitempty"` // id of the one that is opened
}

// Document is an issued document as its holder sees it in a list.
type Document struct {
	ID       string     `json:"id"`
	Number   string     `json:"number"`
	Title    text.Words `json:"title"`
	IssuedBy text.Words `json:"issued_by"`
	IssuedAt time.Time  `json:"issued_at"`
	Lang     text.Lang  `json:"lang"`
}

// Open is a document opened by its holder: its content in its own language, and
// how anyone who is shown it checks it.
type Open struct {
	Document
	Code     string    `json:"code"`
	Address  string    `json:"address"` // where the QR code leads
	Sections []Section `json:"sections"`
}

// Section is a part of a document: rows, a table or paragraphs.
type Section struct {
	Title   string     `json:"title"`
	Rows    []Row      `json:"rows,omitempty"`
	Columns []string   `json:"columns,omitempty"`
	Table   [][]string `json:"table,omitempty"`
	Empty   string     `json:"empty,omitempty"` // said of a table without rows
	Text    string     `json:"text,omitempty"`
}

// Row is a line of a section.
type Row struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Documents lists the person's documents, the newest first.
func (c Client) Documents(ctx context.Context, pin string) ([]Document, error) {
	var all []Document
	err := c.Exchange.Do(ctx, exchangeapi.Call{
		Provider: exchangeapi.Portal, Service: ServiceDocuments, Path: "/of-holder", Body: Holder{PIN: pin}, User: pin, Issue: "own-data",
	}, &all)
	return all, err
}

// Document opens one of them; fail.NotFound when the person has no such.
func (c Client) Document(ctx context.Context, pin, documentID string) (Open, error) {
	var o Open
	err := c.Exchange.Do(ctx, exchangeapi.Call{
		Provider: exchangeapi.Portal, Service: ServiceDocuments, Path: "/open", Body: Holder{PIN: pin, Document: documentID}, User: pin, Issue: "own-data",
	}, &o)
	return o, err
}
