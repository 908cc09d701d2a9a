// fapi2-security-profile-final-test-plan with unsigned requests, plain answers,
// private_key_jwt, DPoP and OpenID Connect: requests and codes.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import * as client from "openid-client";
import * as jose from "jose";
import { described, endpoint } from "./config.mjs";
import { ask } from "./net.mjs";
import { seconds, Strict } from "./strict.mjs";

const plan = "fapi", long = 60; // seconds in which codes and pushed requests run out
export const module = (name, what, run, more = {}) => ({ plan, name: "fapi2-security-profile-final-" + name, what, run, context: Strict, ...more });
const wrongRequest = ["invalid_request", "invalid_request_object", "invalid_redirect_uri", "unsupported_response_type", "unauthorized_client", "invalid_client", "access_denied"];
const wrongClient = ["invalid_client", "invalid_request"];

// happy runs the whole flow with the request's parameters and gives the tokens.
async function happy(t, more = {}) {
  const pair = await t.pair();
  const flow = await t.flow(more);
  const tokens = await t.tokens(flow, pair);
  await t.works(tokens, pair);
  return { flow, tokens, pair };
}

// takes says that the assertion is taken, or refused, when a request is pushed.
const takes = (claims) => async (t) => { await t.pushed(await t.request({}, t.one), { assertion: await t.assertion(t.one, claims(t)) }); };
const declines = (claims) => async (t) => {
  t.declined(await t.push(await t.request({}, t.one), { assertion: await t.assertion(t.one, claims(t)) }), wrongClient);
  await t.pushed(await t.request({}, t.one));
};

// notExchanged says that a good code with a bad assertion gives nothing.
const notExchanged = (assertion) => async (t) => {
  const flow = await t.flow();
  t.declined(await t.exchange(t.one, t.code(flow), await t.pair(), { assertion: await assertion(t) }), wrongClient);
};

// tooLong says that a value comes back as it was, or the request is refused.
const tooLong = (more, same) => async (t) => {
  const answer = await t.push(await t.request(more, t.one));
  if (answer.status !== 201) return t.declined(answer, ["invalid_request"]);
  same(await happy(t, more));
};

export default [
  module("discovery-end-point-verification", "the description has what the profile needs: PAR, S256, iss, private_key_jwt, DPoP, with its algorithms", async (t) => {
    const d = await described(t);
    endpoint(d, "pushed_authorization_request_endpoint");
    const strong = (list) => list.some((alg) => ["PS256", "ES256", "EdDSA", "Ed25519"].includes(alg));
    assert.ok(d.code_challenge_methods_supported.includes("S256"), "S256");
    assert.ok(d.token_endpoint_auth_methods_supported.includes("private_key_jwt"), "private_key_jwt");
    assert.ok(strong(d.token_endpoint_auth_signing_alg_values_supported), "token_endpoint_auth_signing_alg_values_supported");
    assert.ok(strong(d.dpop_signing_alg_values_supported) && !d.dpop_signing_alg_values_supported.some((a) => /^(HS|none)/.test(a)), "dpop_signing_alg_values_supported");
    assert.ok(strong(d.id_token_signing_alg_values_supported), "id_token_signing_alg_values_supported");
    assert.equal(d.authorization_response_iss_parameter_supported, true, "iss of answers");
    assert.ok(d.response_types_supported.includes("code"), "code");
  }),
  module("happy-flow", "two clients, by openid-client: PAR, private_key_jwt, DPoP; ID token with an algorithm of the profile; the token opens userinfo with a proof alone", async (t) => {
    for (const who of t.target.strict) {
      const pair = await client.randomDPoPKeyPair("ES256");
      const DPoP = client.getDPoPHandle(who.config, pair);
      const { verifier, parameters } = await t.request({}, who);
      const url = await client.buildAuthorizationUrlWithPAR(who.config, parameters);
      assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
      const browser = await t.signedIn();
      const page = await t.target.walk(browser, await browser.open(url.href), []);
      const callback = t.callback(page.url, { who });
      const tokens = await client.authorizationCodeGrant(who.config, callback, { pkceCodeVerifier: verifier, expectedState: parameters.state, expectedNonce: parameters.nonce, idTokenExpected: true }, undefined, { DPoP });
      assert.match(tokens.token_type, /^dpop$/i, "token_type");
      assert.match(jose.decodeProtectedHeader(tokens.id_token).alg, /^(PS256|ES256|EdDSA|Ed25519)$/);
      assert.equal((await client.fetchUserInfo(who.config, tokens.access_token, tokens.claims().sub, { DPoP })).sub, tokens.claims().sub);
      const bearer = await ask(t.metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
      assert.equal(bearer.status, 401, "the token as a bearer's");
    }
  }),
  module("user-rejects-authentication", "the person refuses: the client is told access_denied, with state", async (t) => {
    const request = await t.request({ prompt: "consent" }, t.one);
    const browser = await t.signedIn();
    const page = await t.target.refuse(browser, await browser.open(t.url(request, (await t.pushed(request)).request_uri)));
    assert.ok(page.away, "back at the client");
    t.refused(page.url, request, ["access_denied"]);
  }),
  module("ensure-authorization-request-without-state-success", "without state: none comes back", async (t) => {
    const { flow } = await happy(t, { state: undefined });
    assert.ok(!flow.callback.searchParams.has("state"));
  }),
  module("ensure-authorization-request-without-nonce-success", "without nonce: none in the ID token", async (t) => { await happy(t, { nonce: undefined }); }),
  module("ensure-authorization-request-with-64-char-nonce-success", "a nonce of 64 letters comes back", async (t) => { await happy(t, { nonce: "n0-".repeat(21) + "x" }); }),
  module("ensure-other-scope-order-succeeds", "the order of scopes does not matter", async (t) => { await happy(t, { scope: "profile openid" }); }),
  module("ensure-authorization-request-with-long-nonce", "a nonce of 384 letters comes back, or is refused", tooLong({ nonce: "abc".repeat(128) }, ({ tokens }) => assert.equal(tokens.id.nonce.length, 384))),
  module("ensure-authorization-request-with-long-state", "a state of 384 letters comes back, or is refused", tooLong({ state: "abc".repeat(128) }, ({ flow }) => assert.equal(flow.callback.searchParams.get("state"), flow.parameters.state))),
  module("plain-fapi-tolerate-unregistered-redirect-uri", "an unknown redirect_uri is refused, or followed for an authenticated client (RFC 9126, 2.4)", async (t) => {
    const request = await t.request({ redirect_uri: "https://evil.example/callback" }, t.one);
    const answer = await t.push(request);
    if (answer.status !== 201) return t.declined(answer, wrongRequest);
    const browser = await t.signedIn();
    const page = await t.target.walk(browser, await browser.open(t.url(request, answer.json.request_uri)), []);
    t.warn(!page.away, "it was followed");
  }),
  module("ensure-unsigned-authorization-request-without-using-par-fails", "a request that was not pushed is refused", async (t) => {
    const request = await t.request({}, t.one);
    t.stopped(await t.ask(request), request, wrongRequest);
  }),
  module("ensure-redirect-uri-in-authorization-request", "a request without redirect_uri is refused", async (t) => { await t.nowhere(await t.request({ redirect_uri: undefined }, t.one), wrongRequest); }),
  module("ensure-response-type-code-idtoken-fails", "response_type code id_token is refused", async (t) => { await t.nowhere(await t.request({ response_type: "code id_token" }, t.one), wrongRequest); }),
  module("ensure-response-type-token-fails", "response_type token is refused", async (t) => { await t.nowhere(await t.request({ response_type: "token" }, t.one), wrongRequest); }),
  module("ensure-client-id-in-token-endpoint", "the id of another client beside the assertion is refused", async (t) => {
    const flow = await t.flow();
    const answer = await t.exchange(t.one, t.code(flow), await t.pair(), { assertion: await t.assertion(t.two) });
    t.declined(answer, [...wrongClient, "invalid_grant"]);
  }),
  module("ensure-authorization-code-is-bound-to-client", "another client cannot use the code", async (t) => {
    t.declined(await t.exchange(t.two, t.code(await t.flow()), await t.pair()), ["invalid_grant"], [400]);
  }),
  module("attempt-reuse-authorization-code-after-one-second", "a code is taken once; the second use revokes the access token", async (t) => {
    const { flow, tokens, pair } = await happy(t);
    await pause(1000);
    t.declined(await t.exchange(t.one, t.code(flow), pair), ["invalid_grant"], [400]);
    t.warn((await t.resource(tokens, pair)).status >= 400, "the access token of the first use still works");
  }, { seconds: 2 }),
  module("ensure-token-endpoint-fails-with-expired-auth-code", "a code is refused when its minute is over", async (t) => {
    const flow = await t.flow();
    await pause((t.target.short ?? long) * 1000 + 1500);
    t.declined(await t.exchange(t.one, t.code(flow), await t.pair()), ["invalid_grant"], [400]);
  }, { seconds: long }),
  module("ensure-signed-client-assertion-with-RS256-fails", "an assertion with RS256 is refused, though the key is the client's", async (t) => {
    const rsa = t.one.keys.find((k) => k.kty === "RSA").kid;
    await t.pushed(await t.request({}, t.one), { assertion: await t.assertion(t.one, {}, rsa, "PS256") });
    await notExchanged(() => t.assertion(t.one, {}, rsa, "RS256"))(t);
  }),
  module("ensure-client-assertion-in-token-endpoint", "a code without an assertion gives nothing", notExchanged(() => null)),
  module("ensure-client-assertion-with-exp-is-5-minutes-in-past-fails", "an assertion that has run out gives nothing", notExchanged((t) => t.assertion(t.one, { iat: seconds() - 360, nbf: seconds() - 360, exp: seconds() - 300 }))),
  module("ensure-client-assertion-with-wrong-aud-fails", "an assertion for another server gives nothing", notExchanged((t) => t.assertion(t.one, { aud: "https://other.example" }))),
  module("ensure-client-assertion-with-no-sub-fails", "an assertion without sub gives nothing", notExchanged((t) => t.assertion(t.one, { sub: undefined }))),
  module("test-essential-acr-sca-claim", "an essential acr that nobody knows is refused, or left unmet openly", async (t) => {
    const request = await t.request({ claims: JSON.stringify({ id_token: { acr: { essential: true, values: ["urn:openbanking:psd2:sca"] } } }) }, t.one);
    const answer = await t.push(request);
    if (answer.status !== 201) return t.declined(answer, wrongRequest);
    const browser = await t.signedIn();
    const page = await t.target.walk(browser, await browser.open(t.url(request, answer.json.request_uri)), []);
    if (t.target.isSignIn(page)) {
      t.review = true;
      return; // asked to sign in again and again: no code either
    }
    if (!page.away || new URL(page.url).searchParams.has("error")) return t.stopped(page, request, ["access_denied", "unmet_authentication_requirements", "invalid_request"]);
    const tokens = await t.tokens({ ...request, callback: new URL(page.url) }, await t.pair());
    assert.equal(tokens.id.acr, "urn:openbanking:psd2:sca", "acr, when a code is given");
  }),
  module("par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", "a request_uri may be opened again until the person is done", async (t) => {
    const request = await t.request({ prompt: "consent" }, t.one);
    const { request_uri } = await t.pushed(request);
    const browser = await t.signedIn();
    assert.ok(!(await browser.open(t.url(request, request_uri))).away);
    const page = await t.target.walk(browser, await browser.open(t.url(request, request_uri)), []);
    await t.tokens({ ...request, callback: t.callback(page.url, request) }, await t.pair());
  }),
  module("par-attempt-reuse-request_uri", "a request_uri is good for one sign-in", async (t) => {
    const flow = await t.flow();
    const page = await t.target.walk(flow.browser, await flow.browser.open(t.url(flow, flow.request_uri)), []);
    if (page.away && new URL(page.url).searchParams.has("code")) return t.warn(false, "it was taken a second time");
    t.stopped(page, flow, ["invalid_request_uri", "invalid_request"]);
  }),
  module("par-attempt-to-use-expired-request_uri", "a request_uri is refused when its time is over", async (t) => {
    const request = await t.request({}, t.one);
    const { request_uri, expires_in } = await t.pushed(request);
    await pause(expires_in * 1000 + 1500);
    const browser = await t.signedIn();
    t.stopped(await t.target.walk(browser, await browser.open(t.url(request, request_uri)), []), request, ["invalid_request_uri", "invalid_request"]);
  }, { seconds: long }),
  module("par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted", "an assertion that begins in 8 s is taken: clocks differ", takes(() => ({ nbf: seconds() + 8, iat: seconds() + 8, exp: seconds() + 68 }))),
  module("par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails", "an assertion that begins in more than a minute is refused", declines(() => ({ nbf: seconds() + 75, iat: seconds() + 75, exp: seconds() + 135 }))),
  module("par-attempt-to-use-request_uri-for-different-client", "a request_uri is its client's alone", async (t) => {
    const { request_uri } = await t.pushed(await t.request({}, t.one));
    const other = await t.request({}, t.two);
    const browser = await t.signedIn();
    t.stopped(await t.target.walk(browser, await browser.open(t.url(other, request_uri)), []), other, ["invalid_request_uri", "invalid_request", "invalid_client", "access_denied"]);
  }),
  module("par-authorization-request-containing-request_uri-form-param", "a pushed request that holds a request_uri is refused", async (t) => {
    t.declined(await t.push(await t.request({}, t.one), { extra: { request_uri: "urn:ietf:params:oauth:request_uri:" + client.randomState() } }), ["invalid_request", "request_uri_not_supported", "invalid_request_uri"]);
  }),
  module("par-attempt-invalid-http-method", "PAR takes POST alone", async (t) => {
    const request = await t.request({}, t.one);
    const form = new URLSearchParams(await t.authenticated(t.one, request.parameters));
    const answer = await ask(`${t.metadata.pushed_authorization_request_endpoint}?${form}`);
    assert.ok([404, 405, 400].includes(answer.status), `status ${answer.status}`);
    await t.pushed(request);
  }),
  module("par-ensure-pkce-required", "a request without PKCE is refused", async (t) => { await t.nowhere(await t.request({ code_challenge: undefined, code_challenge_method: undefined }, t.one), ["invalid_request"]); }),
  module("par-plain-pkce-rejected", "PKCE with plain is refused", async (t) => {
    const plain = client.randomPKCECodeVerifier();
    await t.nowhere(await t.request({ code_challenge: plain, code_challenge_method: "plain" }, t.one), ["invalid_request"]);
  }),
  module("ensure-pkce-code-verifier-required", "a code without code_verifier gives nothing", async (t) => {
    t.declined(await t.exchange(t.one, t.code(await t.flow(), { code_verifier: undefined }), await t.pair()), ["invalid_grant", "invalid_request"], [400]);
  }),
  module("incorrect-pkce-code-verifier-rejected", "a code with another code_verifier gives nothing", async (t) => {
    t.declined(await t.exchange(t.one, t.code(await t.flow(), { code_verifier: client.randomPKCECodeVerifier() }), await t.pair()), ["invalid_grant"], [400]);
  }),
  module("par-without-duplicate-parameters", "client_id and request_uri are enough at the authorization endpoint; what else stands there counts nothing", async (t) => {
    await happy(t);
    const request = await t.request({ scope: "openid" }, t.one);
    const { request_uri } = await t.pushed(request);
    const browser = await t.signedIn();
    const page = await t.target.walk(browser, await browser.open(t.url(request, request_uri, { redirect_uri: "https://evil.example/", state: "another" })), []);
    if (page.away) assert.ok(page.url.startsWith(request.who.redirect + "?") && new URL(page.url).searchParams.get("state") !== "another", `sent to ${page.url}`);
  }),
  module("par-test-array-as-audience-fails", "an assertion whose aud is a list is refused", declines((t) => ({ aud: [t.issuer, "https://other.example"] }))),
  module("par-test-par-endpoint-url-as-audience-fails", "an assertion whose aud is the endpoint of PAR is refused", declines((t) => ({ aud: t.metadata.pushed_authorization_request_endpoint }))),
  module("par-test-token-endpoint-url-as-audience-fails", "an assertion whose aud is the token endpoint is refused", declines((t) => ({ aud: t.metadata.token_endpoint }))),
];
