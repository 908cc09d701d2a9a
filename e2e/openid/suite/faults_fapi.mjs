// The faults of faults.mjs for the modules of the FAPI 2.0 Security Profile.
import { createHash } from "node:crypto";
import * as jose from "jose";
import { after, answer, answers, anyProof, asFirst, both, callback, denies, described, form, idToken, query, refuses } from "./breaking.mjs";

const warning = "WARNING";
const anyRedirect = { provider(p) { p.Client.prototype.redirectUriAllowed = () => true; } };
const now = () => Date.now() / 1000;
const pushed = (change) => form("/request", change);
const anyAssertion = asFirst("/token");
const anyPushed = asFirst("/request");
const cut = (name) => idToken((_, claims) => { claims[name] = claims[name]?.slice(0, 32); });

// fixedVerifier makes PKCE a formality.
const verifier = "v".repeat(43);
const fixedVerifier = both(pushed((posted) => { posted.code_challenge = createHash("sha256").update(verifier).digest("base64url"); posted.code_challenge_method = "S256"; }),
  form("/token", (posted) => { if (posted.code) posted.code_verifier = verifier; }));

// lax takes the clients for ordinary ones.
const lax = { configure(c) {
  c.features.fapi.profile = () => undefined;
  for (const client of c.clients) client.require_pushed_authorization_requests = false;
} };

// twice gives a code of its own for a request_uri that was used.
const twice = () => {
  const used = new Map();
  return { async around(ctx, next) {
    const uri = ctx.path === "/auth" && ctx.query.request_uri;
    if (used.has(uri)) return ctx.redirect(used.get(uri));
    if (uri) used.uri = uri;
    await next();
    const to = ctx.response.get("location");
    if (/[?&]code=/.test(to)) used.set(used.uri, to);
  } };
};

// onceOpened refuses a request_uri that was opened before.
const onceOpened = () => {
  const opened = new Set();
  return refuses((q) => opened.has(q.request_uri) || void opened.add(q.request_uri));
};

const codeTwice = () => {
  const first = new Map();
  return form("/token", (posted, ctx) => {
    if (first.has(posted.code)) {
      ctx.body = first.get(posted.code);
      return "answered";
    }
    return (body) => { if (posted.code && body.access_token) first.set(posted.code, { ...body }); };
  });
};
const codeOnce = () => {
  const seen = new Set();
  return denies("/token", "invalid_grant", (posted) => seen.has(posted.code) || void seen.add(posted.code));
};

// exact refuses proofs that are not of this very second, or have what when says.
const proofs = (when) => ({ around(ctx, next) {
  const claims = ctx.headers.dpop && jose.decodeJwt(ctx.headers.dpop);
  if (!claims || !when(claims, ctx)) return next();
  ctx.status = 400;
  ctx.body = { error: "invalid_dpop_proof" };
} });
const asBearer = answers("/me", async (ctx, next) => {
  await next();
  if (ctx.status === 401 && /^Bearer/i.test(ctx.headers.authorization)) { ctx.status = 200; ctx.body = {}; }
});

export default [
  ["discovery-end-point-verification", "PAR is not announced", described((d) => { delete d.pushed_authorization_request_endpoint; })],
  ["discovery-end-point-verification", "iss is not announced", described((d) => { delete d.authorization_response_iss_parameter_supported; })],
  ["discovery-end-point-verification", "no client proves itself with a key", described((d) => { d.token_endpoint_auth_methods_supported = ["client_secret_basic"]; })],
  ["discovery-end-point-verification", "proofs with a symmetric key", described((d) => { d.dpop_signing_alg_values_supported.push("HS256"); })],
  ["happy-flow", "a bound token serves as a bearer's", asBearer],
  ["happy-flow", "tokens are not bound", answer((b) => { b.token_type = "Bearer"; })],
  ["happy-flow", "the ID token is signed with RS256", idToken((header) => { header.alg = "RS256"; header.kid = "control-RS256"; })],
  ["user-rejects-authentication", "the error is another", callback((q) => { if (q.has("error")) q.set("error", "server_error"); })],
  ["user-rejects-authentication", "state is dropped", callback((q) => { if (q.has("error")) q.delete("state"); })],
  ["ensure-authorization-request-without-state-success", "a state is invented", callback((q) => { if (!q.has("state")) q.set("state", "x"); })],
  ["ensure-authorization-request-without-nonce-success", "a nonce is invented", idToken((_, claims) => { claims.nonce ??= "x"; })],
  ["ensure-authorization-request-with-64-char-nonce-success", "a nonce is cut", cut("nonce")],
  ["ensure-other-scope-order-succeeds", "openid is to stand first", denies("/request", "invalid_scope", (posted) => !posted.scope.startsWith("openid"))],
  ["ensure-authorization-request-with-long-nonce", "a nonce is cut", cut("nonce")],
  ["ensure-authorization-request-with-long-state", "a state is cut", callback((q) => { if (q.get("state")?.length > 100) q.set("state", q.get("state").slice(0, 100)); })],
  ["plain-fapi-tolerate-unregistered-redirect-uri", "any redirect_uri is followed", anyRedirect, warning],
  ["ensure-unsigned-authorization-request-without-using-par-fails", "PAR is not needed", lax],
  ["ensure-redirect-uri-in-authorization-request", "a missing redirect_uri is guessed", pushed((posted) => { posted.redirect_uri ??= "http://127.0.0.1:9400/callback"; })],
  ["ensure-response-type-code-idtoken-fails", "response_type is passed over", pushed((posted) => { posted.response_type = "code"; })],
  ["ensure-response-type-token-fails", "response_type is passed over", pushed((posted) => { posted.response_type = "code"; })],
  ["ensure-client-id-in-token-endpoint", "the assertion is not looked at", anyAssertion],
  ["ensure-authorization-code-is-bound-to-client", "every client may use every code", anyAssertion],
  ["attempt-reuse-authorization-code-after-one-second", "a code is taken twice", codeTwice],
  ["attempt-reuse-authorization-code-after-one-second", "a second use revokes nothing", codeOnce, warning],
  ["ensure-token-endpoint-fails-with-expired-auth-code", "a code lives for a minute more", { configure(c) { c.ttl.AuthorizationCode = 60; } }],
  ["ensure-signed-client-assertion-with-RS256-fails", "the assertion is not looked at", anyAssertion],
  ["ensure-client-assertion-in-token-endpoint", "no assertion is needed", anyAssertion],
  ["ensure-client-assertion-with-exp-is-5-minutes-in-past-fails", "the assertion is not looked at", anyAssertion],
  ["ensure-client-assertion-with-wrong-aud-fails", "the assertion is not looked at", anyAssertion],
  ["ensure-client-assertion-with-no-sub-fails", "the assertion is not looked at", anyAssertion],
  ["test-essential-acr-sca-claim", "claims is passed over", pushed((posted) => { delete posted.claims; })],
  ["par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", "a request_uri may be opened once", onceOpened],
  ["par-attempt-reuse-request_uri", "a request_uri is taken twice", twice, warning],
  ["par-attempt-to-use-expired-request_uri", "a request_uri outlives what was promised", after("/request", (ctx) => { ctx.body.expires_in = 1; })],
  ["par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted", "clocks must be the same", denies("/request", "invalid_client", (posted) => jose.decodeJwt(posted.client_assertion).nbf > now())],
  ["par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails", "the assertion is not looked at", anyPushed],
  ["par-attempt-to-use-request_uri-for-different-client", "a request_uri is everybody's", query((q) => { if (q.request_uri) q.client_id = "conformance-fapi"; })],
  ["par-authorization-request-containing-request_uri-form-param", "request_uri is passed over", pushed((posted) => { delete posted.request_uri; })],
  ["par-attempt-invalid-http-method", "PAR takes GET", answers("/request", async (ctx, next) => { await next(); if (ctx.method === "GET") ctx.status = 200; })],
  ["par-ensure-pkce-required", "PKCE is not needed", fixedVerifier],
  ["par-plain-pkce-rejected", "plain is taken", fixedVerifier],
  ["ensure-pkce-code-verifier-required", "no code_verifier is needed", fixedVerifier],
  ["incorrect-pkce-code-verifier-rejected", "any code_verifier will do", fixedVerifier],
  ["par-without-duplicate-parameters", "the scope must stand beside the request_uri", refuses((q) => q.request_uri && !q.scope)],
  ["par-without-duplicate-parameters", "what stands beside counts", callback((q) => { if (q.has("iss")) q.set("state", "another"); })],
  ["par-test-array-as-audience-fails", "the assertion is not looked at", anyPushed],
  ["par-test-par-endpoint-url-as-audience-fails", "the assertion is not looked at", anyPushed],
  ["par-test-token-endpoint-url-as-audience-fails", "the assertion is not looked at", anyPushed],

  ["ensure-different-nonce-inside-and-outside-request-object", "the nonce beside counts", idToken((_, claims) => { claims.nonce = "of-the-address"; })],
  ["ensure-different-state-inside-and-outside-request-object", "the state beside counts", callback((q) => q.set("state", "of-the-address"))],
  ["state-only-outside-request-object-not-used", "the state beside counts", callback((q) => q.set("state", "of-the-address"))],
  ["ensure-request-object-without-redirect-uri-fails", "the redirect_uri beside counts", pushed((posted) => { posted.redirect_uri ??= "http://127.0.0.1:9400/callback"; })],
  ["test-claims-parameter-identity-claims", "claims is passed over", pushed((posted) => { delete posted.claims; }), warning],
  ["test-claims-parameter-identity-claims", "an unknown claim is refused", denies("/request", "invalid_request", (posted) => /nobody_knows/.test(posted.claims))],

  ["access-token-type-header-case-sensitivity", "the scheme must be written DPoP", answers("/me", (ctx, next) => ctx.headers.authorization.startsWith("DPoP ") ? next() : void (ctx.status = 401))],
  ["check-dpop-proof-nbf-exp", "nbf and exp are refused", proofs((claims) => claims.nbf)],
  ["ensure-dpopproof-with-iat-10seconds-before-succeeds", "a proof must be of this second", proofs((claims) => claims.iat < now() - 5)],
  ["ensure-dpopproof-with-iat-10seconds-after-succeeds", "a proof must be of this second", proofs((claims) => claims.iat > now() + 5)],
  ["ensure-mismatched-dpop-jkt-fails", "dpop_jkt is passed over", pushed((posted) => { delete posted.dpop_jkt; })],
  ["ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt", "a proof is not looked at", anyProof("/token")],
  ["ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt", "the proof beside a pushed request is passed over", { around(ctx, next) { if (ctx.path === "/request") delete ctx.req.headers.dpop; return next(); } }],
  ["ensure-token-endpoint-fails-with-mismatched-dpop-jkt", "dpop_jkt is passed over", pushed((posted) => { delete posted.dpop_jkt; })],
  ["ensure-dpopproof-at-par-endpoint-binding-success", "a proof beside a pushed request is refused", proofs((_, ctx) => ctx.path === "/request")],
  ["ensure-dpop-auth-code-binding-success", "dpop_jkt is refused", denies("/request", "invalid_request", (posted) => posted.dpop_jkt)],
  ["ensure-holder-of-key-required", "no proof is needed", anyProof("/token")],
  ["dpop-negative-tests", "a proof is not looked at for tokens", anyProof("/token")],
  ["dpop-negative-tests", "a proof is not looked at for userinfo", anyProof("/me")],
  ["dpop-negative-tests", "a bound token serves as a bearer's", asBearer],
  ["dpop-negative-tests", "a proof serves twice", { configure(c) { c.features.dPoP.allowReplay = true; } }, warning],
  ["refresh-token", "a refresh token is good for every client", asFirst("/token", (posted) => posted.refresh_token)],
  ["refresh-token", "a refresh token needs no proof", both({ around(ctx, next, target) { return ctx.headers.dpop ? next() : anyProof("/token").around(ctx, next, target); } }, {})],
  ["refresh-token", "refresh tokens rotate", { configure(c) { c.rotateRefreshToken = true; } }, warning],
].map(([name, ...rest]) => ["fapi2-security-profile-final-" + name, ...rest]);
