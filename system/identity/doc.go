// Package identity is ЕСИ, the unified identification system: the only place at
// which a person signs in (ID-1). All other systems are its OpenID Connect
// clients.
//
// Words: account (аккаунт), second factor (экинчи фактор, второй фактор),
// consent (макулдук, согласие), connected system (туташкан система,
// подключённая система; "client" in OpenID Connect), session (сеанс).
//
// Rooms:
//
//	internal/account    people's accounts, passwords, authenticator secrets
//	internal/signin     the pages by which one signs in: password, then second factor
//	internal/consent    what a system is handed, and the agreement of use
//	internal/sso        the session at ЕСИ and its end in every system
//	internal/openid     the OpenID provider: flows, grants, keys, clients, logout
//	internal/cabinet    the signed-in person's own page
//	internal/throttle   limits of attempts, shared by all processes
//	internal/seal       secrets at rest
//
// Routes: the addresses of the real ЕСИ, so that systems connected to it need
// change the issuer alone: /connect/{authorize,token,userinfo,endsession,
// revocation,introspect}, /.well-known/openid-configuration[/jwks]; pages /,
// /sign-in, /sign-in/code, /consent, /agreement; /exchange/ for neighbours.
package identity
