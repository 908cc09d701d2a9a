package identity

import (
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/system/identity/internal/console"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/registration"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// Settings are the keys of the configuration for ЕСИ's lifetimes and numbers,
// each with its bounds and its reason.
func Settings() []config.Key {
	var keys []config.Key
	for _, s := range setting.Declared() {
		keys = append(keys, config.Key{Name: s.Name, Default: s.Default(), Doc: s.Doc()})
	}
	return keys
}

// noncesOf reads of whom DPoP nonces are asked.
func noncesOf(settings map[string]string) (openid.Nonces, error) {
	switch of := openid.Nonces(strings.TrimSpace(settings["dpop_nonce"])); of {
	case "":
		return openid.NoncesAsked, nil
	case openid.NoncesAsked, openid.NoncesFAPI, openid.NoncesAll:
		return of, nil
	default:
		return "", fmt.Errorf("identity_dpop_nonce: %q is none of asked, fapi, all", of)
	}
}

// said are the times that pages and messages name, as they are set.
func said(v setting.Values) map[string]any {
	of := func(s setting.Setting, unit time.Duration) int { return int(v.Time(s) / unit) }
	return map[string]any{
		"CodeMinutes":         of(onetime.Life, time.Minute),
		"LinkMinutes":         of(factor.LinkLife, time.Minute),
		"FreezeHours":         of(control.FreezeFor, time.Hour),
		"ReportDays":          of(control.ReportFor, 24*time.Hour),
		"RegisterHours":       of(registration.OpenFor, time.Hour),
		"PhotoDays":           of(registration.PhotosFor, 24*time.Hour),
		"OfflineDays":         of(openid.RefreshLife, 24*time.Hour),
		"RefusalDays":         of(openid.RefusalLife, 24*time.Hour),
		"SecretHours":         of(openid.SecretOverlap, time.Hour),
		"OperatorFreezeHours": of(console.FreezeFor, time.Hour),
	}
}
