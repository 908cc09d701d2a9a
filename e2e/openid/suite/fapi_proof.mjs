// fapi2-security-profile-final-test-plan: tokens bound to a key (RFC 9449), and
// refresh tokens.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import * as jose from "jose";
import { module } from "./fapi.mjs";
import { seconds } from "./strict.mjs";

const wrongProof = ["invalid_dpop_proof", "invalid_request", "invalid_grant"];

// proven runs the flow with proofs everywhere, each with the claims.
const proven = (claims) => async (t) => {
  const pair = await t.pair();
  const { pushed_authorization_request_endpoint: par, token_endpoint: token } = t.metadata;
  const flow = await t.flow({}, { dpop: await t.proof(pair, "POST", par, claims()) });
  const tokens = await t.tokens(flow, pair, { dpop: await t.proof(pair, "POST", token, claims()) });
  await t.works(tokens, pair, { claims: claims() });
};

// bad are proofs that must not be taken, for the method and address.
async function bad(t, pair, method, url, ath) {
  const other = await t.pair();
  const good = await t.proof(pair, method, url, { ath });
  const secret = await jose.exportJWK(pair.privateKey);
  const [head, body] = good.split(".");
  const claims = jose.decodeJwt(good), header = jose.decodeProtectedHeader(good);
  const part = (v) => jose.base64url.encode(JSON.stringify(v));
  return {
    "of another method": await t.proof(pair, method === "GET" ? "POST" : "GET", url, { ath }),
    "of another address": await t.proof(pair, method, url + "/other", { ath }),
    "without jti": await t.proof(pair, method, url, { ath, jti: undefined }),
    "without htm": await t.proof(pair, method, url, { ath, htm: undefined }),
    "without htu": await t.proof(pair, method, url, { ath, htu: undefined }),
    "without iat": await t.proof(pair, method, url, { ath, iat: undefined }),
    "an hour old": await t.proof(pair, method, url, { ath, iat: seconds() - 3600 }),
    "of the next hour": await t.proof(pair, method, url, { ath, iat: seconds() + 3600 }),
    "of another type": await t.proof(pair, method, url, { ath }, { typ: "JWT" }),
    "without a key": await t.proof(pair, method, url, { ath }, { jwk: undefined }),
    "with the private key in it": await t.proof(pair, method, url, { ath }, { jwk: secret }),
    "signed by another than its key": await new jose.SignJWT(claims).setProtectedHeader(header).sign(other.privateKey),
    "unsigned": `${part({ ...header, alg: "none" })}.${body}.`,
    "with a symmetric key": await new jose.SignJWT(claims).setProtectedHeader({ typ: "dpop+jwt", alg: "HS256", jwk: { kty: "oct", k: "AAAA" } }).sign(new Uint8Array(32)),
    "that is no JWT": head,
  };
}

export default [
  module("access-token-type-header-case-sensitivity", "the scheme's name may be written DPoP, dpop, DPOP", async (t) => {
    const pair = await t.pair();
    const tokens = await t.tokens(await t.flow(), pair);
    for (const scheme of ["DPoP", "dpop", "DPOP"]) await t.works(tokens, pair, { scheme });
  }),
  module("check-dpop-proof-nbf-exp", "a proof may have nbf and exp", proven(() => ({ nbf: seconds() - 5, exp: seconds() + 60 }))),
  module("ensure-dpopproof-with-iat-10seconds-before-succeeds", "a proof made 10 s ago is taken", proven(() => ({ iat: seconds() - 10 }))),
  module("ensure-dpopproof-with-iat-10seconds-after-succeeds", "a proof made in 10 s is taken: clocks differ", proven(() => ({ iat: seconds() + 10 }))),
  module("ensure-mismatched-dpop-jkt-fails", "a pushed request with a proof of one key and dpop_jkt of another is refused", async (t) => {
    const [pair, other] = [await t.pair(), await t.pair()];
    const request = await t.request({ dpop_jkt: other.thumbprint }, t.one);
    t.declined(await t.push(request, { dpop: await t.proof(pair, "POST", t.metadata.pushed_authorization_request_endpoint) }), wrongProof);
  }),
  module("ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt", "a code asked for with a proof of one key is no good with another", async (t) => {
    const [pair, other] = [await t.pair(), await t.pair()];
    const flow = await t.flow({}, { dpop: await t.proof(pair, "POST", t.metadata.pushed_authorization_request_endpoint) });
    t.declined(await t.exchange(t.one, t.code(flow), other), wrongProof);
  }),
  module("ensure-token-endpoint-fails-with-mismatched-dpop-jkt", "a code asked for with dpop_jkt is no good with another key", async (t) => {
    const [pair, other] = [await t.pair(), await t.pair()];
    t.declined(await t.exchange(t.one, t.code(await t.flow({ dpop_jkt: pair.thumbprint })), other), wrongProof);
  }),
  module("ensure-dpopproof-at-par-endpoint-binding-success", "a code asked for with a proof is good with the same key", async (t) => {
    const pair = await t.pair();
    const flow = await t.flow({}, { dpop: await t.proof(pair, "POST", t.metadata.pushed_authorization_request_endpoint) });
    await t.works(await t.tokens(flow, pair), pair);
  }),
  module("ensure-dpop-auth-code-binding-success", "a code asked for with dpop_jkt is good with its key", async (t) => {
    const pair = await t.pair();
    await t.works(await t.tokens(await t.flow({ dpop_jkt: pair.thumbprint }), pair), pair);
  }),
  module("ensure-holder-of-key-required", "a code without a proof gives nothing", async (t) => {
    t.declined(await t.exchange(t.one, t.code(await t.flow())), wrongProof, [400]);
  }),
  module("dpop-negative-tests", "no bad proof is taken, at the token endpoint or at userinfo; a bound token is no bearer's; a proof serves once", async (t) => {
    const pair = await t.pair();
    const { token_endpoint: url, userinfo_endpoint: resource } = t.metadata;
    for (const [what, dpop] of Object.entries(await bad(t, pair, "POST", url))) {
      const answer = await t.exchange(t.one, t.code(await t.flow()), pair, { dpop });
      assert.equal(answer.status, 400, `tokens for a proof ${what}`);
      // Who hands out nonces may ask for one where the time of a proof is wrong (RFC 9449, 8).
      const refused = what.includes("hour") ? [...wrongProof, "use_dpop_nonce"] : wrongProof;
      assert.ok(refused.includes(answer.json.error), `error ${answer.json.error} for a proof ${what}`);
    }
    const tokens = await t.tokens(await t.flow(), pair);
    await t.works(tokens, pair);
    const ath = createHash("sha256").update(tokens.access_token).digest("base64url");
    const proofs = { ...await bad(t, pair, "GET", resource, ath), "without ath": await t.proof(pair, "GET", resource),
      "with ath of another token": await t.proof(pair, "GET", resource, { ath: createHash("sha256").update("another").digest("base64url") }),
      "of another key": await t.proof(await t.pair(), "GET", resource, { ath }) };
    for (const [what, dpop] of Object.entries(proofs)) {
      const answer = await t.resource(tokens, pair, { dpop });
      assert.ok([400, 401].includes(answer.status), `userinfo for a proof ${what}: ${answer.status}`);
    }
    assert.equal((await t.resource(tokens, pair, { dpop: "none" })).status >= 400, true, "userinfo without a proof");
    assert.equal((await t.resource(tokens, pair, { dpop: "none", scheme: "Bearer" })).status, 401, "userinfo as a bearer's");
    const once = await t.proof(pair, "GET", resource, { ath });
    assert.equal((await t.resource(tokens, pair, { dpop: once })).status, 200);
    t.warn((await t.resource(tokens, pair, { dpop: once })).status >= 400, "a proof was taken twice");
  }),
  module("refresh-token", "a refresh token works with a proof, for its own client alone, and does not rotate", async (t) => {
    const pair = await t.pair();
    const flow = await t.flow({ scope: "openid offline_access", prompt: "consent" });
    const tokens = await t.tokens(flow, pair);
    if (!tokens.refresh_token) t.skip("no refresh token is given");
    await pause(1000);
    const form = { grant_type: "refresh_token", refresh_token: tokens.refresh_token };
    const answer = await t.exchange(t.one, form, pair);
    assert.equal(answer.status, 200, answer.text.slice(0, 200));
    assert.match(answer.json.token_type, /^dpop$/i);
    assert.notEqual(answer.json.access_token, tokens.access_token, "another access token");
    await t.works({ ...answer.json, id: tokens.id }, pair);
    t.warn((answer.json.refresh_token ?? tokens.refresh_token) === tokens.refresh_token, "the refresh token rotates, which FAPI 2.0, 5.3.2.1 asks not to");
    t.declined(await t.exchange(t.two, form, pair), ["invalid_grant"], [400]);
    t.declined(await t.exchange(t.one, form), wrongProof, [400]);
  }),
];
