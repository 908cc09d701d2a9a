// Flows that the certification plans leave out: devices, requests pushed and
// tokens bound by ordinary clients, refresh tokens in rotation, asking about and
// taking back tokens.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import * as jose from "jose";
import * as client from "openid-client";
import { ask, words } from "./net.mjs";
import { proof } from "./strict.mjs";

const plan = "more";
const module = (name, what, run, more = {}) => ({ plan, name, what, run, ...more });
const grant = "urn:ietf:params:oauth:grant-type:device_code";

// refreshed gives the answer to a refresh token.
const refreshed = (t, who, refresh_token) => t.token(who, { grant_type: "refresh_token", refresh_token });

// begun starts a device's flow and checks what the device is told (RFC 8628, 3.2).
async function begun(t) {
  const who = t.target.second;
  const told = await client.initiateDeviceAuthorization(who.config, { scope: "openid" });
  assert.ok(told.device_code && told.user_code.length >= 8 && told.expires_in > 0, "codes");
  assert.ok(told.verification_uri_complete.includes(told.user_code.replace("-", "")) || told.verification_uri_complete.includes(told.user_code), "the code in the address");
  return { who, told, poll: () => t.token(who, { grant_type: grant, device_code: told.device_code }) };
}

export default [
  module("device-flow", "a device's codes: pending until the person has agreed elsewhere, then tokens, once", async (t) => {
    const { who, told, poll } = await begun(t);
    t.invalidGrant(await poll(), "authorization_pending");
    const { page } = await t.target.device(await t.signedIn(), told.verification_uri_complete, true);
    assert.ok(!page.away && page.status === 200 && words(page).length > 20, `the end of the person's part: ${page.status}`);
    const tokens = await client.pollDeviceAuthorizationGrant(who.config, { ...told, interval: 1 });
    tokens.id = await t.idToken(tokens.id_token, { audience: who.id, accessToken: tokens.access_token });
    t.claims(await t.userinfo(tokens), tokens);
    await pause(1000);
    const again = await poll();
    assert.ok(again.status === 400 && ["invalid_grant", "expired_token"].includes(again.json.error), `a second time: ${again.status} ${again.json.error}`);
  }, { seconds: 2 }),
  module("device-flow-of-another-client", "a device_code is its client's alone", async (t) => {
    const { told } = await begun(t);
    await t.target.device(await t.signedIn(), told.verification_uri_complete, true);
    t.invalidGrant(await t.token(t.target.first, { grant_type: grant, device_code: told.device_code }));
  }),
  module("device-flow-denied", "the person refuses: the device is told access_denied", async (t) => {
    const { told, poll } = await begun(t);
    await t.target.device(await t.signedIn(), told.verification_uri_complete, false);
    t.invalidGrant(await poll(), "access_denied");
  }),
  module("device-flow-wrong-code", "a guessed device_code and a guessed user_code open nothing", async (t) => {
    const { who, told } = await begun(t);
    const guess = await t.token(who, { grant_type: grant, device_code: told.device_code.slice(0, -4) + "AAAA" });
    assert.ok(guess.status === 400 && ["invalid_grant", "expired_token"].includes(guess.json.error), `${guess.status} ${guess.json.error}`);
    const page = await (await t.signedIn()).open(told.verification_uri_complete.replace(told.user_code, "BBBBBBBB").replace(told.user_code.replace("-", ""), "BBBBBBBB"));
    assert.ok(!page.away && !t.target.asksDevice(page), "no question about a device that is not there");
  }),
  module("refresh-rotation", "a refresh token is new with each use; an old one that comes again ends them all (RFC 9700, 4.14.2)", async (t) => {
    const who = t.target.first;
    const flow = await t.authorize(await t.signedIn(), { scope: "openid offline_access", prompt: "consent" });
    const first = await t.redeem(flow);
    const second = await refreshed(t, who, first.refresh_token);
    assert.ok(second.status === 200 && second.json.refresh_token && second.json.refresh_token !== first.refresh_token, "a new refresh token");
    const third = await refreshed(t, who, second.json.refresh_token);
    assert.equal(third.status, 200);
    t.invalidGrant(await refreshed(t, who, first.refresh_token));
    t.invalidGrant(await refreshed(t, who, third.json.refresh_token));
    const after = await t.userinfo(third.json);
    t.warn(after.status === 401, "the access token of a grant that ended still works");
  }),
  module("par-of-an-ordinary-client", "a client with a secret pushes its request (RFC 9126), by openid-client", async (t) => {
    const { who, verifier, parameters } = await t.request();
    const url = await client.buildAuthorizationUrlWithPAR(who.config, parameters);
    assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    const browser = await t.signedIn();
    const page = await t.target.walk(browser, await browser.open(url.href), []);
    await t.redeem({ who, verifier, parameters, callback: t.callback(page.url, { who }) });
  }),
  module("dpop-of-an-ordinary-client", "a client with a secret binds its tokens to a key (RFC 9449), by openid-client; then they are no bearer's", async (t) => {
    const DPoP = client.getDPoPHandle(t.target.first.config, await client.randomDPoPKeyPair("ES256"));
    const flow = await t.authorize(await t.signedIn());
    const tokens = await client.authorizationCodeGrant(flow.who.config, flow.callback,
      { pkceCodeVerifier: flow.verifier, expectedState: flow.parameters.state, expectedNonce: flow.parameters.nonce, idTokenExpected: true }, undefined, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    assert.equal((await client.fetchUserInfo(flow.who.config, tokens.access_token, tokens.claims().sub, { DPoP })).sub, tokens.claims().sub);
    assert.equal((await ask(t.metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } })).status, 401, "as a bearer's");
  }),
  module("dpop-nonce", "a proof with a nonce that is not the server's is refused and told the right one, at the token endpoint and at userinfo (RFC 9449, 8 and 9)", async (t) => {
    const flow = await t.authorize(await t.signedIn());
    const { privateKey, publicKey } = await jose.generateKeyPair("ES256");
    const pair = { privateKey, jwk: await jose.exportJWK(publicKey) };
    const { token_endpoint: token, userinfo_endpoint: userinfo } = t.metadata;
    const redeem = async (nonce) => t.token(flow.who, { grant_type: "authorization_code", code: flow.callback.searchParams.get("code"),
      redirect_uri: flow.who.redirect, code_verifier: flow.verifier }, { dpop: await proof(pair, "POST", token, { nonce }) });
    const refused = await redeem("made-up");
    assert.equal(refused.status, 400);
    assert.equal(refused.json.error, "use_dpop_nonce");
    const given = refused.headers["dpop-nonce"];
    assert.ok(given && given !== "made-up", "a nonce in the header DPoP-Nonce");
    const { status, json } = await redeem(given);
    assert.equal(status, 200, "the nonce that was given");
    const ath = createHash("sha256").update(json.access_token).digest("base64url");
    const resource = async (nonce) => ask(userinfo, { headers: { authorization: `DPoP ${json.access_token}`, dpop: await proof(pair, "GET", userinfo, { ath, nonce }) } });
    const stopped = await resource("made-up");
    assert.equal(stopped.status, 401);
    assert.match(stopped.headers["www-authenticate"], /^DPoP .*error="use_dpop_nonce"/);
    assert.equal((await resource(stopped.headers["dpop-nonce"])).status, 200, "the nonce that was given, at userinfo");
  }),
  module("introspection-and-revocation", "a client asks about its tokens (RFC 7662) and takes them back (RFC 7009); another's it cannot", async (t) => {
    const { first, second } = t.target;
    const tokens = await t.redeem(await t.authorize(await t.signedIn(), { scope: "openid offline_access", prompt: "consent" }));
    const known = await client.tokenIntrospection(first.config, tokens.access_token);
    assert.ok(known.active && known.client_id === first.id && known.exp > Date.now() / 1000, "an active token");
    assert.equal((await client.tokenIntrospection(first.config, "guessed")).active, false, "a guessed token");
    await client.tokenRevocation(second.config, tokens.refresh_token).catch(() => {});
    assert.equal((await client.tokenIntrospection(first.config, tokens.refresh_token)).active, true, "another client takes nothing back");
    await client.tokenRevocation(first.config, tokens.refresh_token);
    assert.equal((await client.tokenIntrospection(first.config, tokens.refresh_token)).active, false, "taken back");
    t.invalidGrant(await refreshed(t, first, tokens.refresh_token));
    await client.tokenRevocation(first.config, "guessed");
  }),
];
