package organisation

import (
	"context"
	"testing"

	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// The use cases as the pages call them.

func (s *Organisations) Bind(ctx context.Context, a account.Account, number string) error {
	return s.bind(ctx, a, number)
}

func (s *Organisations) Invite(ctx context.Context, a account.Account, code, pin string) error {
	return s.invite(ctx, a, code, pin)
}

func (s *Organisations) Answer(ctx context.Context, a account.Account, memberID string, take bool) error {
	return s.answer(ctx, a, memberID, take)
}

func (s *Organisations) Remove(ctx context.Context, a account.Account, code, memberID string) error {
	return s.remove(ctx, a, code, memberID)
}

// Invited is the id of the person's one invitation.
func (s *Organisations) Invited(t *testing.T, pin string) string {
	t.Helper()
	all, err := s.of(t.Context(), pin, Invited)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return all[0].ID
}
