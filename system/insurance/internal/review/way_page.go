package review

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// asked is the filter of the address; a hospital sees its own cases alone.
func asked(r *http.Request, hospital string) treated.Filter {
	form := page.QueryForm(r)
	by := treated.Filter{Organisation: form.Text("organisation", 6), Month: form.Text("month", 7), State: form.Text("state", 10), Order: form.Text("order", 10), After: form.Text("after", 40)}
	if by.After == "" {
		by.Before = form.Text("before", 40)
	}
	if hospital != "" {
		by.Organisation = hospital
	}
	return by
}

// carried is the filter as addresses carry it: codes alone, nothing of a person.
// The reader's own hospital is no choice and is left out.
func carried(by treated.Filter, own string) string {
	q := url.Values{}
	if own != "" {
		by.Organisation = ""
	}
	for name, value := range map[string]string{"organisation": by.Organisation, "month": by.Month, "state": by.State, "order": by.Order, "after": by.After, "before": by.Before} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// way is where the reader of a case came from and goes on to: the list as it was
// filtered, and the case after this one in it.
type way struct {
	query string // of the list
	next  string // id, "" after the last one
}

func (p Pages) way(r *http.Request, caseID string) (way, error) {
	own := office.Of(r.Context()).Hospital()
	by := asked(r, own)
	next, err := p.Fund.Next(r.Context(), by, caseID)
	return way{carried(by, own), next}, err
}

// list is the address of the list, at the case's own line.
func (y way) list(id string) string { return "/cases" + y.query + "#case-" + id }

func (y way) on() string { return "/cases/" + y.next + y.query }

// decided says that the reader has just done something here: the work goes on
// with the next case.
func decided(ctx context.Context) bool { return page.Of(ctx).Message != "" }

// filtered says that the list was asked for: the reader goes on with its cases.
func (v listView) filtered() bool { return carried(v.by, v.own) != "" }
