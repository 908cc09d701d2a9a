// Can each module fail? oidc-provider is broken at one place, and the module
// whose business that is must notice. A fault is [module, what is broken, how];
// with WARNING at the end the module is to warn and not to fail.
import { createHash } from "node:crypto";
import * as control from "./control.mjs";
import moreFaults from "./faults_more.mjs";
import strictFaults from "./faults_fapi.mjs";
import { one } from "./run.mjs";
import { after, answer, answers, both, callback, claim, described, form, idToken, jwks, logoutToken, noClaim, otherKey, query, refuses, signOut, unsigned, userinfo } from "./breaking.mjs";

const { origin } = control;
const soon = () => Math.floor(Date.now() / 1000);
const anyRedirect = { provider(p) { p.Client.prototype.redirectUriAllowed = () => true; } };
const anyPostLogout = { provider(p) { p.Client.prototype.postLogoutRedirectUriAllowed = () => true; } };
const anyHint = { provider(p) { p.IdToken.validate = async () => {}; } };
const warning = "WARNING";

// aCodeTwice gives the first answer for a code again.
const aCodeTwice = () => {
  const first = new Map();
  return form("/token", (posted, ctx) => {
    if (first.has(posted.code)) {
      ctx.body = first.get(posted.code);
      return "answered";
    }
    return (body) => { if (posted.code && body.access_token) first.set(posted.code, { ...body }); };
  });
};

// aCodeOnce refuses a code's second use with the error, and revokes nothing.
const aCodeOnce = (error) => () => {
  const seen = new Set();
  return form("/token", (posted, ctx) => {
    if (!seen.has(posted.code)) return void seen.add(posted.code);
    ctx.status = 400;
    ctx.body = { error };
    return "answered";
  });
};

// anyonesRefresh lets every client use every refresh token.
const anyonesRefresh = () => {
  const owner = new Map();
  return form("/token", (posted, ctx) => {
    const who = owner.get(posted.refresh_token) ?? ctx.headers.authorization;
    ctx.req.headers.authorization = who;
    return (body) => { if (body.refresh_token) owner.set(body.refresh_token, who); };
  });
};

// anyVerifier makes PKCE a formality.
const verifier = "v".repeat(43);
const anyVerifier = both(query((q) => { if (q.code_challenge) q.code_challenge = createHash("sha256").update(verifier).digest("base64url"); }),
  form("/token", (posted) => { if (posted.code) posted.code_verifier = verifier; }));

// onRefresh changes the answers to refresh tokens.
const onRefresh = (change) => () => {
  let last;
  return form("/token", (posted) => (body) => {
    if (posted.grant_type === "refresh_token" && body.access_token) return change(body, last);
    last = body;
  });
};

// sameSignIn has auth_time stand still.
const sameSignIn = () => {
  let first;
  return idToken((_, claims) => { claims.auth_time = first ??= claims.auth_time ?? soon(); });
};

const elsewhere = (url) => signOut(async (ctx, next, asked) => { await next(); ctx.set("location", url(asked)); });
const signedIn = signOut((ctx, next, asked) => {
  const to = new URL(asked.post_logout_redirect_uri ?? "/session/end/success", ctx.href);
  if (asked.post_logout_redirect_uri && asked.state) to.searchParams.set("state", asked.state);
  ctx.redirect(to.href);
});
const toClient = elsewhere(() => origin + "/");

const faults = [
  ["oidcc-server", "the ID token is for another client", claim("aud", "another")],
  ["oidcc-server", "the ID token is by another issuer", claim("iss", "https://evil.example")],
  ["oidcc-server", "the ID token has run out", claim("exp", soon() - 600)],
  ["oidcc-server", "the ID token will be given in an hour", claim("iat", soon() + 3600)],
  ["oidcc-server", "the nonce is dropped", noClaim("nonce")],
  ["oidcc-server", "the nonce is another's", claim("nonce", "another")],
  ["oidcc-server", "at_hash is of another token", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")],
  ["oidcc-server", "the ID token has no sub", noClaim("sub")],
  ["oidcc-server", "the ID token is signed by somebody else", otherKey],
  ["oidcc-server", "state is another's", callback((q) => q.set("state", "another"))],
  ["oidcc-server", "iss of the answer is another's", callback((q) => q.set("iss", "https://evil.example"))],
  ["oidcc-server", "the code can be guessed", callback((q) => q.set("code", "12345678"))],
  ["oidcc-server", "userinfo is of somebody else", userinfo((b) => { b.sub = "another"; })],
  ["oidcc-server", "no expires_in", answer((b) => { delete b.expires_in; }), warning],
  ["oidcc-server", "the name is in the ID token", claim("name", "Test"), warning],
  ["oidcc-response-type-missing", "a missing response_type is taken for code", query((q) => { q.response_type ??= "code"; })],
  ["oidcc-idtoken-signature", "no kid", idToken((header) => { delete header.kid; })],
  ["oidcc-idtoken-signature", "a kid that is not at jwks_uri", idToken((header) => { header.kid = "another"; })],
  ["oidcc-idtoken-unsigned", "the ID token is not signed", idToken(unsigned)],
  ["oidcc-userinfo-get", "userinfo is of somebody else", userinfo((b) => { b.sub = "another"; })],
  ["oidcc-userinfo-get", "userinfo is text", userinfo((b, ctx) => { ctx.type = "text/plain"; })],
  ["oidcc-userinfo-get", "userinfo needs no token", after("/me", (ctx) => { if (ctx.status >= 400) { ctx.status = 200; ctx.body = {}; } })],
  ["oidcc-userinfo-post-header", "userinfo refuses POST", after("/me", (ctx) => { if (ctx.method === "POST") ctx.status = 405; })],
  ["oidcc-userinfo-post-body", "userinfo is of somebody else", userinfo((b) => { b.sub = "another"; })],
  ["oidcc-userinfo-post-body", "userinfo refuses a token in the body", after("/me", (ctx) => { if (!ctx.headers.authorization) { ctx.status = 400; ctx.body = {}; } }), warning],
  ["oidcc-ensure-request-without-nonce-succeeds-for-code-flow", "a nonce is demanded", refuses((q) => !q.nonce)],
  ["oidcc-ensure-request-without-nonce-succeeds-for-code-flow", "a nonce is invented", idToken((_, claims) => { claims.nonce ??= "of nobody"; })],
  ["oidcc-scope-profile", "no name", userinfo((b) => { delete b.name; }), warning],
  ["oidcc-scope-profile", "gender is a number", userinfo((b) => { b.gender = 1; })],
  ["oidcc-scope-profile", "birthdate is 2.1.1980", userinfo((b) => { b.birthdate = "2.1.1980"; })],
  ["oidcc-scope-email", "email_verified is a text", userinfo((b) => { b.email_verified = "true"; })],
  ["oidcc-scope-email", "no email", userinfo((b) => { delete b.email; }), warning],
  ["oidcc-scope-address", "the address is a text", userinfo((b) => { b.address = "Bishkek"; })],
  ["oidcc-scope-phone", "phone_number_verified is a number", userinfo((b) => { b.phone_number_verified = 1; })],
  ["oidcc-scope-all", "no phone number", userinfo((b) => { delete b.phone_number; }), warning],
  ["oidcc-scope-all", "updated_at is a text", userinfo((b) => { b.updated_at = "today"; })],
  ["oidcc-alternate-happy-flow", "openid is to stand first", refuses((q) => !q.scope.startsWith("openid"))],
  ["oidcc-display-page", "display is refused", refuses((q) => q.display)],
  ["oidcc-display-popup", "popup is refused", refuses((q) => q.display === "popup")],
  ["oidcc-prompt-login", "prompt is passed over", query((q) => { delete q.prompt; })],
  ["oidcc-prompt-login", "auth_time stands still", sameSignIn],
  ["oidcc-prompt-none-not-logged-in", "prompt=none shows the sign-in page", query((q) => { delete q.prompt; })],
  ["oidcc-prompt-none-not-logged-in", "state is cut to 64 letters", callback((q) => q.set("state", q.get("state").slice(0, 64)))],
  ["oidcc-prompt-none-not-logged-in", "the error is another", callback((q) => q.set("error", "server_error"))],
  ["oidcc-prompt-none-logged-in", "prompt=none finds nobody signed in", query((q) => { if (q.prompt === "none") q.max_age = "0"; })],
  ["oidcc-prompt-none-logged-in", "the session is somebody else's", idToken((_, claims) => { claims.sub += soon() + Math.random(); })],
  ["oidcc-max-age-1", "max_age is passed over", query((q) => { delete q.max_age; })],
  ["oidcc-max-age-1", "no auth_time", noClaim("auth_time")],
  ["oidcc-max-age-1", "auth_time stands still", sameSignIn],
  ["oidcc-max-age-10000", "max_age always has people sign in", query((q) => { if (q.max_age) q.max_age = "0"; })],
  ["oidcc-max-age-10000", "no auth_time", noClaim("auth_time")],
  ["oidcc-max-age-10000", "auth_time moves", idToken((_, claims) => { claims.auth_time -= Math.floor(Math.random() * 1e6) + 1; })],
  ["oidcc-ensure-request-with-unknown-parameter-succeeds", "an unknown parameter is refused", refuses((q) => q.extra)],
  ["oidcc-id-token-hint", "a hint is refused", refuses((q) => q.id_token_hint)],
  ["oidcc-id-token-hint", "a hint has people sign in", query((q) => { if (q.id_token_hint) { delete q.prompt; q.max_age = "0"; } })],
  ["oidcc-login-hint", "login_hint is refused", refuses((q) => q.login_hint)],
  ["oidcc-ui-locales", "ui_locales is refused", refuses((q) => q.ui_locales)],
  ["oidcc-claims-locales", "claims_locales is refused", refuses((q) => q.claims_locales)],
  ["oidcc-ensure-request-with-acr-values-succeeds", "acr_values is refused", refuses((q) => q.acr_values)],
  ["oidcc-codereuse", "a code is taken twice", aCodeTwice, warning],
  ["oidcc-codereuse", "the error is another", aCodeOnce("invalid_request")],
  ["oidcc-codereuse-30seconds", "a code is taken twice", aCodeTwice],
  ["oidcc-codereuse-30seconds", "a second use revokes nothing", aCodeOnce("invalid_grant"), warning],
  ["oidcc-ensure-registered-redirect-uri", "any redirect_uri is followed", anyRedirect],
  ["oidcc-ensure-registered-redirect-uri", "an error page is no error", after("/auth", (ctx) => { if (ctx.status === 400) ctx.status = 200; })],
  ["oidcc-ensure-post-request-succeeds", "POST is refused", refuses((_, method) => method === "POST")],
  ["oidcc-server-client-secret-post", "a secret in the body is refused", { configure(c) { c.clientAuthMethods = ["client_secret_basic"]; } }],
  ["oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", "request_uri is passed over", query((q) => { delete q.request_uri; })],
  ["oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", "request is passed over", query((q) => { delete q.request; })],
  ["oidcc-ensure-request-object-with-redirect-uri", "request is passed over, and any redirect_uri followed", both(anyRedirect, query((q) => { delete q.request; }))],
  ["oidcc-claims-essential", "claims is passed over", query((q) => { delete q.claims; }), warning],
  ["oidcc-claims-essential", "the name is in the ID token", claim("name", "Test"), warning],
  ["oidcc-refresh-token", "a refresh token is good for every client", anyonesRefresh],
  ["oidcc-refresh-token", "the access token stays the same", onRefresh((body, last) => { body.access_token = last.access_token; })],
  ["oidcc-refresh-token", "the ID token is of somebody else", onRefresh(async (body) => { body.id_token = await control.resign(body.id_token, (_, claims) => { claims.sub = "another"; }); })],
  ["oidcc-ensure-request-with-valid-pkce-succeeds", "any code_verifier will do", anyVerifier],
  ["oidcc-ensure-request-with-valid-pkce-succeeds", "PKCE is refused", refuses((q) => q.code_challenge)],

  ["oidcc-discovery-endpoint-verification", "another issuer", described((d) => { d.issuer += "/"; })],
  ["oidcc-discovery-endpoint-verification", "no jwks_uri", described((d) => { delete d.jwks_uri; })],
  ["oidcc-discovery-endpoint-verification", "a token endpoint without TLS", described((d) => { d.token_endpoint = "http://op.example/token"; })],
  ["oidcc-discovery-endpoint-verification", "no response type code", described((d) => { d.response_types_supported = ["id_token"]; })],
  ["oidcc-discovery-endpoint-verification", "no RS256", described((d) => { d.id_token_signing_alg_values_supported = ["ES256"]; })],
  ["oidcc-discovery-endpoint-verification", "no scope openid", described((d) => { d.scopes_supported = ["profile"]; })],
  ["oidcc-discovery-endpoint-verification", "subject types that do not exist", described((d) => { d.subject_types_supported = ["secret"]; })],
  ["oidcc-discovery-endpoint-verification", "a description that is text", described((_, ctx) => { ctx.type = "text/plain"; })],
  ["oidcc-discovery-endpoint-verification", "a private key is published", jwks((keys) => { keys[0].d = "AQAB"; })],
  ["oidcc-discovery-endpoint-verification", "two keys of one kid", jwks((keys) => { keys.push({ ...keys[0] }); })],
  ["oidcc-discovery-endpoint-verification", "a key of 1024 bits", jwks((keys) => { keys[0].n = keys[0].n.slice(0, 171); })],
  ["oidcc-discovery-endpoint-verification", "claims are not announced", described((d) => { delete d.claims_supported; }), warning],

  ["oidcc-rp-initiated-logout-discovery-endpoint-verification", "no end_session_endpoint", described((d) => { delete d.end_session_endpoint; })],
  ["oidcc-rp-initiated-logout", "state is dropped", callback((q) => q.delete("state"), "/session/end/confirm")],
  ["oidcc-rp-initiated-logout", "the session lives on", signedIn],
  ["oidcc-rp-initiated-logout", "nobody is led back", elsewhere(() => "/session/end/success")],
  ["oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", "any address is followed", anyPostLogout],
  ["oidcc-rp-initiated-logout-modified-id-token-hint", "a hint's signature is not looked at", anyHint],
  ["oidcc-rp-initiated-logout-no-id-token-hint", "an address without a hint is followed", elsewhere((asked) => asked.post_logout_redirect_uri)],
  ["oidcc-rp-initiated-logout-no-params", "the session lives on", signedIn],
  ["oidcc-rp-initiated-logout-no-params", "nobody is asked", answers("/session/end", async (ctx) => { ctx.status = 200; ctx.type = "html"; ctx.body = "<html><body>You have been signed out here.</body></html>"; })],
  ["oidcc-rp-initiated-logout-no-params", "the client's address is guessed", toClient],
  ["oidcc-rp-initiated-logout-no-post-logout-redirect-uri", "the session lives on", signedIn],
  ["oidcc-rp-initiated-logout-no-post-logout-redirect-uri", "the client's address is guessed", toClient],
  ["oidcc-rp-initiated-logout-no-state", "a state is invented", callback((q) => q.set("state", "x"), "/session/end/confirm")],
  ["oidcc-rp-initiated-logout-no-state", "the session lives on", signedIn],
  ["oidcc-rp-initiated-logout-only-state", "the session lives on", signedIn],
  ["oidcc-rp-initiated-logout-only-state", "the client's address is guessed", toClient],
  ["oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", "any address is followed", anyPostLogout],
  ["oidcc-rp-initiated-logout-bad-id-token-hint", "a hint's signature is not looked at", anyHint],

  ["oidcc-backchannel-logout-discovery-endpoint-verification", "back-channel logout is not announced", described((d) => { delete d.backchannel_logout_supported; })],
  ["oidcc-backchannel-logout-discovery-endpoint-verification", "its sid is not announced", described((d) => { d.backchannel_logout_session_supported = false; })],
  ["oidcc-backchannel-rp-initiated-logout", "no logout token is sent", { configure(c) { c.fetch = async () => new Response("", { status: 200 }); } }],
  ["oidcc-backchannel-rp-initiated-logout", "the logout token is for another client", logoutToken((_, claims) => { claims.aud = "another"; })],
  ["oidcc-backchannel-rp-initiated-logout", "it has a nonce", logoutToken((_, claims) => { claims.nonce = "x"; })],
  ["oidcc-backchannel-rp-initiated-logout", "it has no events", logoutToken((_, claims) => { delete claims.events; })],
  ["oidcc-backchannel-rp-initiated-logout", "it has no jti", logoutToken((_, claims) => { delete claims.jti; })],
  ["oidcc-backchannel-rp-initiated-logout", "its sid is another session's", logoutToken((_, claims) => { claims.sid = "another"; })],
  ["oidcc-backchannel-rp-initiated-logout", "its sub is another's", logoutToken((_, claims) => { claims.sub = "another"; })],
  ["oidcc-backchannel-rp-initiated-logout", "it is not signed", logoutToken(unsigned)],
];

// tryFaults breaks the control, fault by fault, and tells how the module ended.
// A control that falls over is no judgement of the module's.
export async function tryFaults(modules, receiver, tell) {
  const waiting = [...faults, ...strictFaults, ...moreFaults].filter(([name]) => modules.some((m) => m.name === name));
  const lane = async () => {
    for (let next; (next = waiting.shift());) {
      const [name, what, how, want = "FAILED"] = next;
      const target = await control.start({ wait: 0.2, short: name.includes("expired-auth-code") ? 2 : undefined, fault: typeof how === "function" ? how() : how });
      Object.assign(target, { name: "fault", receiver, patience: 1500 });
      const ending = await one(modules.find((m) => m.name === name), target);
      if (target.fell) Object.assign(ending, { result: "BROKEN", notes: [target.fell] });
      tell({ ...ending, fault: what, want });
      await target.stop();
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}
