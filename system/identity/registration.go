package identity

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/app"
	"github.com/sanarip/sanarip/system/identity/internal/cabinet"
	"github.com/sanarip/sanarip/system/identity/internal/face"
	"github.com/sanarip/sanarip/system/identity/internal/proofing"
	"github.com/sanarip/sanarip/system/identity/internal/registration"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// enrol opens the registration in the app and what stands on it.
func (s *System) enrol(mux *http.ServeMux, env host.Env, box *seal.Box, on ground) {
	client := exchangeapi.NewClient(env, exchangeapi.Identity)
	register := populationapi.Client{Exchange: client}
	registrations := &registration.Registrations{
		DB: s.db, Clock: s.clock, Queue: s.queue, Box: box, Site: on.site, Texts: s.texts, Accounts: s.accounts, Throttle: on.limits, Codes: on.codes,
		Notices: on.notices, Door: on.door, Faces: face.NewChecker(), Messages: messageapi.Client{Exchange: client}, Base: env.BaseURL,
		Person: register.Person, Record: s.record,
	}
	registrations.Register()
	registrations.Mount(mux)
	s.rooms.Proofed = func(ctx context.Context, a account.Account) (cabinet.Proof, error) {
		r, found, err := registrations.ByAccount(ctx, a.ID)
		if err != nil || !found {
			return cabinet.Proof{}, err
		}
		switch r.Proof {
		case registration.ProofWaiting:
			return cabinet.Proof{Key: "identity.level.low_why"}, nil
		case registration.ProofAgain:
			return cabinet.Proof{Key: "identity.level.again", Reason: r.Reason, Path: registration.ReturnTo(r)}, nil
		case registration.ProofRefused:
			return cabinet.Proof{Key: "identity.level.refused", Reason: r.Reason}, nil
		}
		return cabinet.Proof{}, nil
	}
	s.sweeps = append(s.sweeps, registrations.Sweep)
	desk := &proofing.Desk{
		DB: s.db, Clock: s.clock, Site: s.desk.WorkSite(), Registrations: registrations, Guard: s.desk.Guard, Register: register.Person,
	}
	desk.Mount(mux)
	(&app.App{
		Clock: s.clock, Log: s.log, Site: on.site, Door: on.door, Register: register.Person, Photo: registrations.OfAccount, Record: s.record,
		Papers: portalapi.Client{Exchange: client}, Portal: env.Sites["portal"],
	}).Mount(mux)
}
