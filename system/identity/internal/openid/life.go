package openid

import (
	"time"

	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// How long what the provider gives lives. A client may have shorter times for its
// own tokens, never longer.
var (
	tokenLife    = setting.Time("access_token_life", 10*time.Minute, time.Minute, time.Hour, "how long an access token is good", "a system that does not ask about it learns no sooner that it was taken back")
	idTokenLife  = setting.Time("id_token_life", 10*time.Minute, time.Minute, time.Hour, "how long an ID token is good", "it is read at once")
	refreshIdle  = setting.Time("refresh_idle", 720*time.Hour, time.Hour, 2160*time.Hour, "how long a refresh token may go unused", "an app that nobody opens for a month asks anew (RFC 9700, 4.14.2)")
	RefreshLife  = setting.Time("refresh_life", 4320*time.Hour, 24*time.Hour, 8760*time.Hour, "how long refresh tokens may follow each other after one sign-in", "twice a year a person says again who they are")
	refreshGrace = setting.Time("refresh_grace", 10*time.Second, time.Second, time.Minute, "how long a refresh token that was just used may come again", "answers get lost on the way; later it is a thief's")
	codeLife     = setting.Time("authorization_code_life", time.Minute, 10*time.Second, time.Minute, "how long an authorization code is good, once", "a browser needs seconds; FAPI 2.0 (5.3.2.1) allows a minute and no more")
	flowLife     = setting.Time("authorization_life", 30*time.Minute, 5*time.Minute, 2*time.Hour, "how long a system's request to sign a person in stays open", "forgotten passwords are recovered meanwhile")
	pushedLife   = setting.Time("request_uri_life", time.Minute, 5*time.Second, 9*time.Minute, "how long a request that was pushed ahead may be opened", "a browser needs seconds; FAPI 2.0 (5.3.2.2) wants less than ten minutes, RFC 9126 five seconds or more")
	proofLife    = setting.Time("proof_life", 5*time.Minute, 30*time.Second, 10*time.Minute, "how old a DPoP proof or a client's assertion may be", "clocks of servers differ by minutes; each serves once (RFC 9449, 11.1)")
	leeway       = setting.Time("clock_leeway", 10*time.Second, 10*time.Second, time.Minute, "how far ahead of ours a client's clock may be", "FAPI 2.0 (5.3.2.1) wants 10 seconds taken and more than 60 refused")
	deviceLife   = setting.Time("device_code_life", 10*time.Minute, 2*time.Minute, 30*time.Minute, "how long the code that a device shows is good", "a person types it and signs in meanwhile; guesses have no longer (RFC 8628, 5.1)")
	devicePause  = setting.Time("device_poll", 5*time.Second, time.Second, time.Minute, "how long a device waits between two questions, in whole seconds", "RFC 8628 (3.2) names five; one that hurries waits as much longer")
	frameLife    = setting.Time("front_channel_life", 5*time.Minute, time.Minute, 15*time.Minute, "how long the browser may take to tell systems of a sign-out", "it does so at once, or never")
	logoutLife   = setting.Time("logout_token_life", 2*time.Minute, 30*time.Second, 2*time.Minute, "how long a logout token is good", "it is sent and read at once; Back-Channel Logout (4) recommends two minutes at most")
	RefusalLife  = setting.Time("refusal_life", 336*time.Hour, 24*time.Hour, 2160*time.Hour, "how long a client's engineers see why its requests were refused", "they look when something fails, and come back from leave")

	// keyAge is when keys that sign are renewed.
	keyAge = setting.Time("key_life", 2160*time.Hour, 24*time.Hour, 8760*time.Hour, "after how long keys that sign tokens are replaced", "a quarter of a year: a key that leaked unseen is good no longer")
	// keyOverlap is how long a new key is published before it signs, so that every
	// client has it by then, and the old one after it last signed, longer than any
	// token that it signed lives.
	keyOverlap = setting.Time("key_overlap", 24*time.Hour, 2*time.Hour, 720*time.Hour, "how long a key is published before it signs, and after it last did", "clients keep keys for a day; longer than any token lives")
	// hintLife is how long it is known after that what the old one has signed: no
	// session, and no chain of refresh tokens, with which a client keeps its ID
	// token, may last for longer.
	hintLife = setting.Time("hint_life", 8760*time.Hour, 4320*time.Hour, 17520*time.Hour, "how long after a signing key was published last an ID token signed by it is taken as id_token_hint", "who signs out after weeks brings the ID token of their sign-in (RP-Initiated Logout, 2); of the key the public half alone is kept")
	// SecretOverlap is how long the secret before the last change is still good.
	SecretOverlap = setting.Time("secret_overlap", 24*time.Hour, time.Hour, 720*time.Hour, "how long a client's secret is good after it was replaced", "its servers are changed one by one; one that leaked ends at once")
	maxOwned      = setting.Number("client_count", 20, 1, 1000, "systems that one person connects", "each takes an operator's time")
)

// lives are those of the provider, looked up once.
type lives struct {
	token, idToken, refreshIdle, refreshLife, refreshGrace, code, flow, pushed, proof, leeway, device, devicePause, frame, logout, refusal, nonce time.Duration
}

func livesOf(v setting.Values) lives {
	return lives{
		token: v.Time(tokenLife), idToken: v.Time(idTokenLife), refreshIdle: v.Time(refreshIdle), refreshLife: v.Time(RefreshLife),
		refreshGrace: v.Time(refreshGrace), code: v.Time(codeLife), flow: v.Time(flowLife), pushed: v.Time(pushedLife), proof: v.Time(proofLife),
		leeway: v.Time(leeway), device: v.Time(deviceLife), devicePause: v.Time(devicePause).Truncate(time.Second), frame: v.Time(frameLife),
		logout: v.Time(logoutLife), refusal: v.Time(RefusalLife), nonce: v.Time(nonceLife),
	}
}

// within is how long the client's own tokens live where everybody's live so long.
func (c Client) within(everybodys time.Duration) time.Duration {
	if c.TokenLife > 0 {
		return min(c.TokenLife, everybodys)
	}
	return everybodys
}

// What does not go together is refused.
var (
	_ = setting.Within(refreshIdle, RefreshLife)
	_ = setting.Within(keyOverlap, keyAge)
	_ = setting.Within(RefreshLife, hintLife)
)
