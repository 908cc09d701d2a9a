// The first half of oidcc-basic-certification-test-plan: answers, ID token,
// userinfo, scopes, codes and the client's authentication.
import assert from "node:assert/strict";
import * as client from "openid-client";
import * as jose from "jose";
import { setTimeout as pause } from "node:timers/promises";
import { ask } from "./net.mjs";

const plan = "basic";
const scopes = {
  profile: ["name", "given_name", "family_name", "birthdate"], email: ["email", "email_verified"],
  phone: ["phone_number", "phone_number_verified"], address: ["address"],
};

// scope asks for the scopes and looks for their claims at userinfo.
async function scope(t, asked, options) {
  const missing = asked.filter((s) => !t.metadata.scopes_supported.includes(s));
  if (missing.length > 0) {
    // What is not announced is not given either, and asking for it hurts nobody.
    const page = await t.ask(await t.request({ scope: "openid " + asked.join(" ") }));
    assert.ok(page.away && !/[?&]error=server_error/.test(page.url), "an unknown scope is ignored or refused");
    t.skip(`scopes_supported does not hold ${missing}`);
  }
  const flow = await t.authorize(await t.signedIn(), { scope: ["openid", ...asked].join(" ") }, options);
  const tokens = await t.redeem(flow);
  const claims = t.claims(await t.userinfo(tokens), tokens);
  for (const s of asked) for (const c of scopes[s]) t.warn(c in claims, `userinfo has no ${c}`);
  for (const c of ["name", "email", "phone_number", "address"]) t.warn(!(c in tokens.id), `${c} is in the ID token, where a code flow has it at userinfo`);
  return { flow, tokens, claims };
}

const userinfo = (how, soft) => async (t) => {
  const tokens = await t.redeem(await t.authorize(await t.signedIn(), { scope: "openid profile" }));
  const answer = await t.userinfo(tokens, how);
  if (soft && answer.status >= 400) return t.warn(false, "a token in the body is not taken (which RFC 6750 allows)");
  t.claims(answer, tokens);
  const without = await ask(t.metadata.userinfo_endpoint, how === "get" ? {} : { method: "POST", body: "" });
  assert.ok(without.status === 401 || without.status === 400, `without a token: ${without.status}`);
};

async function reuse(t, seconds) {
  const flow = await t.authorize(await t.signedIn());
  const tokens = await t.redeem(flow);
  t.claims(await t.userinfo(tokens), tokens);
  await pause(seconds * 1000);
  const form = { grant_type: "authorization_code", code: flow.callback.searchParams.get("code"), redirect_uri: flow.who.redirect, code_verifier: flow.verifier };
  const again = await t.token(flow.who, form);
  if (again.status === 200) {
    if (seconds > 0) assert.fail("the code was taken a second time");
    return t.warn(false, "the code was taken a second time");
  }
  t.invalidGrant(again);
  if (seconds > 0) {
    const after = await t.userinfo(tokens);
    t.warn(after.status >= 400 && after.status < 500, "the access token of the first use still works");
  }
}

export default [
  { plan, name: "oidcc-server", what: "code flow: answer, ID token (signature, iss, aud, exp, nonce, at_hash), userinfo; code of 128 bits; no claims nobody asked for", async run(t) {
    const flow = await t.authorize(await t.signedIn());
    const code = flow.callback.searchParams.get("code");
    assert.ok(code.length * 8 >= 128, "length of the code");
    assert.ok(code.length * -[...new Set(code)].map((c) => [...code].filter((x) => x === c).length / code.length).reduce((s, p) => s + p * Math.log2(p), 0) >= 96, "entropy of the code");
    const tokens = await t.redeem(flow);
    t.warn(Number.isInteger(tokens.expires_in), "no expires_in");
    assert.ok(/^bearer$/i.test(tokens.token_type), "token_type");
    const expected = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "nbf", "jti", "sid", "s_hash", "txn"];
    for (const name of Object.keys(tokens.id)) t.warn(expected.includes(name), `the ID token has ${name}, which nobody asked for`);
    t.claims(await t.userinfo(tokens), tokens);
  } },
  { plan, name: "oidcc-response-type-missing", what: "a request without response_type is refused: unsupported_response_type or invalid_request, or a page that says so", async run(t) {
    const request = await t.request({ response_type: undefined });
    const page = await t.ask(request);
    page.away ? t.refused(page.url, request, ["unsupported_response_type", "invalid_request"]) : t.errorPage(page);
  } },
  { plan, name: "oidcc-idtoken-signature", what: "the ID token is signed with RS256 and names its key, which is at jwks_uri", async run(t) {
    const tokens = await t.redeem(await t.authorize(await t.signedIn()));
    const header = jose.decodeProtectedHeader(tokens.id_token);
    assert.equal(header.alg, "RS256");
    assert.equal(typeof header.kid, "string", "kid");
    const set = JSON.parse((await ask(t.metadata.jwks_uri)).text).keys;
    assert.equal(set.filter((k) => k.kid === header.kid && k.kty === "RSA" && (k.use ?? "sig") === "sig").length, 1, "one key of that kid");
  } },
  { plan, name: "oidcc-idtoken-unsigned", what: "ID tokens with alg none, if announced; here: not announced and not given", async run(t) {
    assert.ok(!t.metadata.id_token_signing_alg_values_supported.includes("none"), "none is not announced");
    const flow = await t.authorize(await t.signedIn());
    const answer = await t.token(flow.who, { grant_type: "authorization_code", code: flow.callback.searchParams.get("code"), redirect_uri: flow.who.redirect, code_verifier: flow.verifier });
    assert.equal(answer.status, 200);
    assert.notEqual(jose.decodeProtectedHeader(answer.json.id_token).alg, "none");
    assert.ok(answer.json.id_token.split(".")[2].length > 0, "signature");
    t.skip("id_token_signing_alg_values_supported does not hold none");
  } },
  { plan, name: "oidcc-userinfo-get", what: "userinfo by GET with the token in the header", run: userinfo("get") },
  { plan, name: "oidcc-userinfo-post-header", what: "userinfo by POST with the token in the header", run: userinfo("header") },
  { plan, name: "oidcc-userinfo-post-body", what: "userinfo by POST with the token in the body", run: userinfo("body", true) },
  { plan, name: "oidcc-ensure-request-without-nonce-succeeds-for-code-flow", what: "a code flow without nonce succeeds; the ID token then has none", async run(t) {
    await t.redeem(await t.authorize(await t.signedIn(), { nonce: undefined }));
  } },
  ...["profile", "email", "address", "phone"].map((s) => ({ plan, name: "oidcc-scope-" + s, what: `scope ${s} gives its claims at userinfo`, run: (t) => scope(t, [s]) })),
  { plan, name: "oidcc-scope-all", what: "all the standard scopes together give all their claims", async run(t) {
    const known = Object.keys(scopes).filter((s) => t.metadata.scopes_supported.includes(s));
    await scope(t, known);
    if (known.length < 4) t.skip(`scopes_supported does not hold ${Object.keys(scopes).filter((s) => !known.includes(s))}; those it holds gave their claims`);
  } },
  { plan, name: "oidcc-alternate-happy-flow", what: "neither the order of scopes nor that of parameters matters", async run(t) {
    const request = await t.request({ scope: "email openid" });
    const page = await t.ask(request, { order: (entries) => entries.toReversed() });
    assert.ok(page.away, "back at the client");
    const tokens = await t.redeem({ ...request, callback: t.callback(page.url, request) });
    t.warn("email" in t.claims(await t.userinfo(tokens), tokens), "userinfo has no email");
  } },
  { plan, name: "oidcc-codereuse", what: "a code is taken once; the second time invalid_grant", run: (t) => reuse(t, 0) },
  { plan, name: "oidcc-codereuse-30seconds", what: "the same 30 s later, and the access token of the first use is revoked", seconds: 30, run: (t) => reuse(t, t.target.wait) },
  { plan, name: "oidcc-server-client-secret-post", what: "the code flow with client_secret_post", async run(t) {
    assert.ok(t.metadata.token_endpoint_auth_methods_supported.includes("client_secret_post"), "announced");
    const flow = await t.authorize(await t.signedIn());
    const tokens = await t.redeem(flow, { config: flow.who.postConfig });
    t.claims(await t.userinfo(tokens), tokens);
  } },
  { plan, name: "oidcc-claims-essential", what: "claims asks for name as essential at userinfo: name is given, at userinfo alone", async run(t) {
    const tokens = await t.redeem(await t.authorize(await t.signedIn(), { claims: JSON.stringify({ userinfo: { name: { essential: true } } }) }));
    t.warn("name" in t.claims(await t.userinfo(tokens), tokens), "userinfo has no name");
    t.warn(!("name" in tokens.id), "name is in the ID token");
  } },
  { plan, name: "oidcc-refresh-token", what: "a refresh token gives tokens of the same person and sign-in, works for its own client alone", async run(t) {
    const own = [];
    for (const who of [t.target.first, t.target.second]) {
      const scope = t.metadata.scopes_supported.includes("offline_access") ? "openid offline_access" : "openid";
      const flow = await t.authorize(await t.signedIn(), { scope, prompt: "consent" }, { who });
      const tokens = await t.redeem(flow);
      if (!tokens.refresh_token) {
        t.warn(!(t.metadata.grant_types_supported ?? []).includes("refresh_token"), "refresh_token is announced and not given");
        t.skip("no refresh token is given");
      }
      t.warn((t.metadata.grant_types_supported ?? []).includes("refresh_token"), "refresh_token is not announced");
      assert.match(tokens.refresh_token, /^[\x20-\x7e]+$/);
      await pause(1000);
      const fresh = await client.refreshTokenGrant(who.config, tokens.refresh_token);
      assert.notEqual(fresh.access_token, tokens.access_token, "another access token");
      t.warn(Number.isInteger(fresh.expires_in), "no expires_in");
      let id = tokens.id;
      if (fresh.id_token) {
        const nonce = jose.decodeJwt(fresh.id_token).nonce;
        assert.ok(nonce === undefined || nonce === flow.parameters.nonce, "nonce of the first ID token or none");
        id = await t.idToken(fresh.id_token, { audience: who.id, nonce, accessToken: fresh.access_token });
        assert.equal(id.sub, tokens.id.sub, "sub");
        assert.equal(id.auth_time, tokens.id.auth_time, "auth_time");
        assert.ok(id.iat >= tokens.id.iat, "iat");
      }
      t.claims(await t.userinfo(fresh), { id });
      own.push(fresh.refresh_token ?? tokens.refresh_token);
    }
    t.invalidGrant(await t.token(t.target.first, { grant_type: "refresh_token", refresh_token: own[1] }));
    t.invalidGrant(await t.token(t.target.second, { grant_type: "refresh_token", refresh_token: own[0] }));
  } },
];
