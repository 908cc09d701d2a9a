package workforceapi

import (
	"context"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceChanges is offered by the systems that let people in by their posts:
// НИСУР tells them whose posts have changed, so that who leaves is out at once.
const ServiceChanges = "staff-changes"

// pathPosts is where the change of a person's posts is told.
const pathPosts = "/posts"

// Listeners are the systems whose sessions remember posts. The portal asks at
// each act; НИСУР reads its own book.
var Listeners = []exchangeapi.Subsystem{exchangeapi.Card, exchangeapi.Insurance, exchangeapi.Identity, exchangeapi.Exchange}

// TellChange tells one of the Listeners that posts of the person began, ended or
// will end. It says nothing of which: the listener asks.
func TellChange(ctx context.Context, c *exchangeapi.Client, to exchangeapi.Subsystem, pin string) error {
	return c.Do(ctx, exchangeapi.Call{Provider: to, Service: ServiceChanges, Path: pathPosts, Body: PIN{pin}}, nil)
}

// ServeChanges registers what a listener does then: from the return of doubt on
// nothing that it remembers of the person's posts holds. The same again changes
// nothing.
func ServeChanges(listener *exchangeapi.Provider, doubt func(ctx context.Context, pin string) error) {
	exchangeapi.Serve(listener, ServiceChanges, pathPosts, func(ctx context.Context, in PIN) (struct{}, error) {
		return struct{}{}, doubt(ctx, in.PIN)
	})
}
