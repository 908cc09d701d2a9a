// A run of ЕСИ by openid-client, a certified relying party that we did not
// write: discovery, code + PKCE with state and nonce, userinfo, refresh with
// rotation, introspection, revocation, client credentials, sign-out; and what a
// provider must refuse. The person's part is done over plain HTML forms, as a
// browser without JavaScript would.
//
//   node client.mjs ISSUER INBOX_JSON PIN PASSWORD PHONE
import assert from "node:assert/strict";
import * as client from "openid-client";
import { ask, Browser, fetchLocal } from "./suite/net.mjs";

const [issuer, inbox, pin, password, phone] = process.argv.slice(2);
const redirectUri = "http://127.0.0.1:9400/callback";
const passed = [];
const ok = (what) => { passed.push(what); console.log("ok   " + what); };

const codes = async () => JSON.parse((await ask(inbox)).text)
  .filter((l) => l.pin === pin && l.code).map((l) => l.code);

async function signIn(browser, url) {
  let page = await browser.open(url);
  if (page.text?.includes('name="password"')) {
    const before = (await codes()).length;
    page = await browser.submit(page, "password", { pin, password });
    let found;
    for (let i = 0; i < 200 && !found; i++) {
      const now = await codes();
      if (now.length > before) found = now[0]; else await new Promise((r) => setTimeout(r, 100));
    }
    assert.ok(found, "a one-time code came");
    page = await browser.submit(page, "code", { code: found });
  }
  if (page.text?.includes('name="decision"')) {
    page = await browser.submit(page, "decision", { decision: "allow", agreement: "true", email: "true", phone: "true" });
    if (page.text?.includes('name="decision"')) page = await browser.submit(page, "decision", { decision: "allow", agreement: "on", email: "on", phone: "on" });
  }
  assert.ok(page.away, `back at the client, not at ${page.url}: ${page.text?.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ").slice(0, 500)}`);
  return new URL(page.url);
}

const options = { [client.customFetch]: fetchLocal, execute: [client.allowInsecureRequests] };
const config = await client.discovery(new URL(issuer), "conformance", "conformance-secret-demo", client.ClientSecretBasic("conformance-secret-demo"), options);
const metadata = config.serverMetadata();
assert.equal(metadata.issuer, issuer);
assert.ok(metadata.authorization_endpoint.endsWith("/connect/authorize") && metadata.token_endpoint.endsWith("/connect/token"));
assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
assert.ok(!metadata.response_types_supported.some((t) => /token/.test(t)), "no implicit flow");
assert.ok(!(metadata.grant_types_supported ?? []).includes("password") && !(metadata.grant_types_supported ?? []).includes("implicit"));
for (const s of ["openid", "profile", "organizations", "email", "phone", "offline_access"]) assert.ok(metadata.scopes_supported.includes(s), s);
for (const c of ["sub", "pin", "family_name", "given_name", "middle_name", "birthdate", "phone_number_verified"]) assert.ok(metadata.claims_supported.includes(c), c);
ok("discovery with the paths, scopes and claims of ЕСИ; no implicit, password or plain");

const host = new URL(issuer).host;
const browser = new Browser(host);
async function authorize(more = {}, who = browser) {
  const verifier = client.randomPKCECodeVerifier(), state = client.randomState(), nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri, scope: "openid profile email phone offline_access", state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more });
  return { verifier, state, nonce, url, callback: await signIn(who, url.href) };
}

const first = await authorize();
const checks = { pkceCodeVerifier: first.verifier, expectedState: first.state, expectedNonce: first.nonce, idTokenExpected: true };
const tokens = await client.authorizationCodeGrant(config, first.callback, checks);
assert.equal(tokens.claims().aud === "conformance" || tokens.claims().aud.includes("conformance"), true);
assert.notEqual(tokens.claims().sub, pin);
ok("code + PKCE with state and nonce; ID token's signature and claims");

const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
assert.equal(info.pin, pin);
assert.ok(info.family_name && info.given_name && info.birthdate && info.phone_number === phone && info.phone_number_verified === true);
ok("userinfo with ПИН, name, birth date and confirmed phone");

await assert.rejects(client.authorizationCodeGrant(config, first.callback, checks), (e) => e.error === "invalid_grant");
ok("a code used twice is refused");
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub));
ok("and ends what the first use gave");

const second = await authorize();
await assert.rejects(client.authorizationCodeGrant(config, second.callback, { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: second.state, expectedNonce: second.nonce }), (e) => e.error === "invalid_grant");
ok("a wrong code_verifier is refused");

const third = await authorize();
await assert.rejects(client.authorizationCodeGrant(config, third.callback, { pkceCodeVerifier: third.verifier, expectedState: "another", expectedNonce: third.nonce }));
ok("a forged state is refused by the client");

const fourth = await authorize();
const good = await client.authorizationCodeGrant(config, fourth.callback, { pkceCodeVerifier: fourth.verifier, expectedState: fourth.state, expectedNonce: fourth.nonce, idTokenExpected: true });
const state = await client.tokenIntrospection(config, good.access_token);
assert.equal(state.active, true);
ok("introspection of a token in force");
assert.ok(good.refresh_token);
const fresh = await client.refreshTokenGrant(config, good.refresh_token);
assert.ok(fresh.access_token && fresh.access_token !== good.access_token);
ok("refresh");
await client.tokenRevocation(config, fresh.refresh_token ?? good.refresh_token);
await assert.rejects(client.refreshTokenGrant(config, fresh.refresh_token ?? good.refresh_token));
ok("a revoked refresh token is refused");

for (const [what, more] of [
  ["no code_challenge", { code_challenge: undefined, code_challenge_method: undefined }],
  ["code_challenge_method plain", { code_challenge_method: "plain" }],
  ["response_type token", { response_type: "token" }],
]) {
  const url = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: "openid", state: "s", nonce: "n", code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()), code_challenge_method: "S256" });
  for (const [k, v] of Object.entries(more)) v === undefined ? url.searchParams.delete(k) : url.searchParams.set(k, v);
  const page = await browser.open(url.href);
  const refused = page.away ? /[?&#]error=/.test(page.url) && !/[?&#](code|access_token)=/.test(page.url) : page.status >= 400;
  assert.ok(refused, `${what}: ${page.url}`);
  ok(what + " is refused");
}
const astray = client.buildAuthorizationUrl(config, { redirect_uri: "http://evil.example/", scope: "openid", code_challenge: await client.calculatePKCECodeChallenge("x".repeat(43)), code_challenge_method: "S256" });
const stays = await browser.open(astray.href);
assert.ok(!stays.url.startsWith("http://evil.example") && stays.status >= 400);
ok("an unknown redirect_uri gets an error page, not a redirect");

const again = await authorize({ prompt: "none", scope: "openid profile email phone offline_access" }).catch((e) => e);
assert.ok(again.callback?.searchParams.get("code") || again.callback?.searchParams.get("error"), "prompt=none answers at once");
const stranger = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: "openid", prompt: "none", state: "s", code_challenge: await client.calculatePKCECodeChallenge("x".repeat(43)), code_challenge_method: "S256" });
const answer = await new Browser(host).open(stranger.href);
assert.equal(new URL(answer.url).searchParams.get("error"), "login_required");
ok("prompt=none: login_required without a session");

const out = client.buildEndSessionUrl(config, { id_token_hint: good.id_token, post_logout_redirect_uri: "http://127.0.0.1:9400/" });
let left = await browser.open(out.href).catch(() => ({ url: "http://127.0.0.1:9400/" }));
if (left.text?.includes("<form")) left = await browser.open(left.url, { method: "POST", headers: { origin: issuer } }).catch(() => left);
const after = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: "openid", prompt: "none", code_challenge: await client.calculatePKCECodeChallenge("x".repeat(43)), code_challenge_method: "S256" });
assert.equal(new URL((await browser.open(after.href)).url).searchParams.get("error"), "login_required");
ok("RP-initiated sign-out ends the session");
console.log(`${passed.length} passed, 0 failed`);
