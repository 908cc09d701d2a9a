package factor_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
)

func TestAMessengerIsBoundByLinkAndCode(t *testing.T) { // ID-6
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		bind := func(token, chat string) bool {
			t.Helper()
			known, err := w.chats.Bind(ctx, token, chat)
			if err != nil {
				t.Fatal(err)
			}
			return known
		}
		old, err := w.chats.Link(ctx, w.account())
		if err != nil {
			t.Fatal(err)
		}
		token, err := w.chats.Link(ctx, w.account())
		if err != nil {
			t.Fatal(err)
		}
		if bind(old, "4242") || bind("x", "4242") || bind(token, "") || bind(token, "4242; drop") {
			t.Fatal("a link that is none was taken")
		}
		if waits, err := w.chats.Waits(ctx, w.account()); waits || err != nil {
			t.Fatal(waits, err)
		}
		good := func(token string) bool {
			t.Helper()
			is, err := w.chats.Good(ctx, w.account(), token)
			if err != nil {
				t.Fatal(err)
			}
			return is
		}
		if good(old) || !good(token) {
			t.Fatal("the page shows another link than the newest")
		}
		if !bind(token, "4242") {
			t.Fatal("the link was not taken")
		}
		if good(token) {
			t.Fatal("a link that was taken is shown still")
		}
		if bind(token, "6666") {
			t.Fatal("the link was taken twice")
		}
		if waits, err := w.chats.Waits(ctx, w.account()); !waits || err != nil {
			t.Fatal(waits, err)
		}
		if w.account().Telegram != "" {
			t.Fatal("bound without the code")
		}
		if err := w.contacts.Confirm(ctx, w.account(), onetime.Telegram, w.sent(onetime.Telegram), here); err != nil {
			t.Fatal(err)
		}
		if w.account().Telegram != "4242" || !slices.Equal(w.told(), []notice.Kind{notice.FactorAdded}) {
			t.Fatalf("%+v %v", w.account(), w.told())
		}
	})
}

func TestALinkToTheBotRunsOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, err := w.chats.Link(context.Background(), w.account())
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(10*time.Minute + time.Second)
		if known, err := w.chats.Bind(context.Background(), token, "4242"); known || err != nil {
			t.Fatal(known, err)
		}
	})
}
