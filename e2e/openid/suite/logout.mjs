// oidcc-rp-initiated-logout-certification-test-plan, and the same with
// -backchannel- and -frontchannel-.
import assert from "node:assert/strict";
import * as client from "openid-client";
import * as jose from "jose";
import { described, endpoint } from "./config.mjs";
import { words } from "./net.mjs";

const plan = "rp-initiated logout";

// signedOut says whether the browser's session is over.
async function signedOut(t, browser) {
  const request = await t.request({ prompt: "none" });
  const page = await t.send(browser, request);
  assert.ok(page.away, "prompt=none answers the client");
  return !new URL(page.url).searchParams.has("code") && t.refused(page.url, request, ["login_required", "interaction_required", "account_selection_required"]) !== "";
}

// leave signs in, and out with the parameters that shape gives.
async function leave(t, shape, { agree = true, who } = {}) {
  const browser = t.target.browser();
  const tokens = await t.redeem(await t.authorize(browser, {}, { who }));
  const state = client.randomState();
  const all = { id_token_hint: tokens.id_token, post_logout_redirect_uri: t.target.postLogout, state };
  const url = new URL(t.metadata.end_session_endpoint);
  for (const [k, v] of Object.entries(await shape(all, tokens))) if (v !== undefined) url.searchParams.set(k, v);
  const first = await browser.open(url.href);
  const { page, asked } = agree ? await t.target.signOut(browser, first) : { page: first, asked: false };
  return { browser, tokens, state, first, page, asked };
}

// back says that the person is led back to the client, signed out.
const back = (shape, stated) => async (t) => {
  const { browser, page, state } = await leave(t, shape);
  assert.ok(page.away, `back at the client, not at ${new URL(page.url).pathname} (${page.status}): ${words(page).slice(0, 200)}`);
  const at = new URL(page.url);
  assert.equal(at.origin + at.pathname, t.target.postLogout);
  assert.equal(at.searchParams.get("state"), stated ? state : null, "state");
  t.warn([...at.searchParams.keys()].every((k) => k === "state"), `unexpected parameters ${at.search}`);
  assert.ok(await signedOut(t, browser), "signed out");
};

// stays says that the person is signed out and stays; without a hint they are asked
// first (RP-Initiated Logout 1.0, 2), which the Foundation's suite leaves to who looks.
const stays = (shape) => async (t) => {
  const { browser, page, first, asked } = await leave(t, shape);
  const hinted = shape({ id_token_hint: "hint" }).id_token_hint !== undefined;
  assert.ok(asked || hinted, `signed out without a question: ${first.status} ${words(first).slice(0, 200)}`);
  assert.ok(!page.away, `sent to ${page.url}, which was not in the request`);
  assert.ok(page.status === 200 && words(page).length > 20, `a page, not ${page.status}`);
  assert.ok(await signedOut(t, browser), "signed out");
  t.review = true;
};

// refusedOrAsked says that nobody is led away: there is an error, or a question;
// and whatever is answered, the address in the request is not followed.
const refusedOrAsked = (shape) => async (t) => {
  const { first, page, asked, browser } = await leave(t, shape);
  assert.ok(!first.away, `sent to ${first.url} at once`);
  assert.ok(asked || (first.status >= 400 && first.status < 500), `neither an error nor a question: ${first.status} ${words(first).slice(0, 200)}`);
  assert.ok(!page.away, `sent to ${page.url} after the question`);
  assert.equal(await signedOut(t, browser), asked, "signed out exactly if the person agreed");
  t.review = true;
};

const none = (token) => {
  const claims = jose.decodeJwt(token);
  return `${jose.base64url.encode(JSON.stringify({ alg: "none" }))}.${jose.base64url.encode(JSON.stringify(claims))}.`;
};

async function forged(token) {
  const { privateKey } = await jose.generateKeyPair("RS256");
  return new jose.SignJWT(jose.decodeJwt(token)).setProtectedHeader(jose.decodeProtectedHeader(token)).sign(privateKey);
}

export default [
  { plan, name: "oidcc-rp-initiated-logout-discovery-endpoint-verification", what: "the description has end_session_endpoint", async run(t) {
    endpoint(await described(t), "end_session_endpoint");
  } },
  { plan, name: "oidcc-rp-initiated-logout", what: "with a hint and a registered address: back there with state, signed out", run: back((all) => all, true) },
  { plan, name: "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", what: "an address that is not registered is not followed", run: refusedOrAsked((all) => ({ ...all, post_logout_redirect_uri: all.post_logout_redirect_uri + client.randomState() })) },
  { plan, name: "oidcc-rp-initiated-logout-modified-id-token-hint", what: "a hint turned to alg none is no hint", run: refusedOrAsked((all) => ({ ...all, id_token_hint: none(all.id_token_hint) })) },
  { plan, name: "oidcc-rp-initiated-logout-no-id-token-hint", what: "an address without a hint is not followed", run: refusedOrAsked((all) => ({ ...all, id_token_hint: undefined })) },
  { plan, name: "oidcc-rp-initiated-logout-no-params", what: "without parameters: signed out, on a page of the provider", run: stays(() => ({})) },
  { plan, name: "oidcc-rp-initiated-logout-no-post-logout-redirect-uri", what: "without an address: signed out, on a page of the provider", run: stays((all) => ({ ...all, post_logout_redirect_uri: undefined })) },
  { plan, name: "oidcc-rp-initiated-logout-no-state", what: "without state: back there without one, signed out", run: back((all) => ({ ...all, state: undefined }), false) },
  { plan, name: "oidcc-rp-initiated-logout-only-state", what: "with state alone: signed out, on a page of the provider", run: stays((all) => ({ state: all.state })) },
  { plan, name: "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", what: "a registered address with a query added is another address", run: refusedOrAsked((all) => ({ ...all, post_logout_redirect_uri: all.post_logout_redirect_uri + "?foo=bar" })) },
  { plan, name: "oidcc-rp-initiated-logout-bad-id-token-hint", what: "a hint signed by somebody else is no hint", run: refusedOrAsked(async (all) => ({ ...all, id_token_hint: await forged(all.id_token_hint) })) },

  { plan: "back-channel logout", name: "oidcc-backchannel-logout-discovery-endpoint-verification", what: "the description announces back-channel logout with sid", async run(t) {
    const d = await described(t);
    assert.equal(d.backchannel_logout_supported, true);
    assert.equal(d.backchannel_logout_session_supported, true);
    endpoint(d, "end_session_endpoint");
  } },
  { plan: "back-channel logout", name: "oidcc-backchannel-rp-initiated-logout", what: "the client is told by a logout token: signature, iss, aud, iat, jti, events, sub and sid of the ID token, no nonce; the person is led back, signed out", async run(t) {
    const { browser, tokens, page, state } = await leave(t, (all) => all);
    assert.equal(typeof tokens.id.sid, "string", "sid in the ID token");
    const told = await t.target.receiver.told((token) => { const c = jose.decodeJwt(token); return c.iss === t.issuer && (c.sid === tokens.id.sid || (c.sid === undefined && c.sub === tokens.id.sub)); }, t.target.patience);
    assert.match(told.type, /^application\/x-www-form-urlencoded\b/);
    t.warn([...told.form.keys()].every((k) => k === "logout_token"), `unexpected parameters ${[...told.form.keys()]}`);
    const token = told.form.get("logout_token");
    const header = jose.decodeProtectedHeader(token);
    assert.ok(t.metadata.id_token_signing_alg_values_supported.includes(header.alg), `alg ${header.alg}`);
    const { payload } = await jose.jwtVerify(token, await t.keys(), { issuer: t.issuer, audience: t.target.first.id, clockTolerance: 5 });
    assert.ok(Number.isInteger(payload.iat) && Math.abs(payload.iat - Date.now() / 1000) < 300, "iat");
    assert.equal(typeof payload.jti, "string", "jti");
    assert.deepEqual(payload.events, { "http://schemas.openid.net/event/backchannel-logout": {} }, "events");
    assert.ok(!("nonce" in payload), "no nonce");
    assert.equal(payload.sid, tokens.id.sid, "sid");
    if ("sub" in payload) assert.equal(payload.sub, tokens.id.sub, "sub");
    assert.ok(page.away && new URL(page.url).searchParams.get("state") === state, "back at the client with state");
    assert.ok(await signedOut(t, browser), "signed out");
  } },

  { plan: "front-channel logout", name: "oidcc-frontchannel-logout-discovery-endpoint-verification", what: "the description announces front-channel logout with sid", async run(t) {
    const d = await described(t);
    if (!d.frontchannel_logout_supported) t.skip("front-channel logout is not announced");
    assert.equal(d.frontchannel_logout_session_supported, true);
    endpoint(d, "end_session_endpoint");
  } },
  { plan: "front-channel logout", name: "oidcc-frontchannel-rp-initiated-logout", what: "the client's address is opened in a frame with iss and the ID token's sid; the person is led back with state, signed out", async run(t) {
    if (!(await described(t)).frontchannel_logout_supported) t.skip("front-channel logout is not announced");
    const { browser, tokens, page, state } = await leave(t, (all) => all, { who: t.target.second });
    assert.ok(!page.away && page.status === 200, "a page with frames");
    const frames = [...page.text.matchAll(/<iframe\b[^>]*\ssrc="([^"]*)"/g)].map((m) => new URL(m[1].replaceAll("&amp;", "&"))).filter((u) => u.href.startsWith(t.target.frontchannel));
    assert.equal(frames.length, 1, "one frame of the client");
    assert.equal(frames[0].searchParams.get("iss"), t.issuer, "iss");
    assert.equal(frames[0].searchParams.get("sid"), tokens.id.sid, "sid");
    t.warn(frames[0].searchParams.size === 2, `unexpected parameters ${frames[0].search}`);
    const policy = page.headers["content-security-policy"]?.match(/frame-src ([^;]*)/)?.[1];
    assert.ok(policy === undefined || policy.includes(new URL(t.target.frontchannel).origin), "the page's own policy lets the frame be");
    const next = page.headers.refresh?.match(/url=(.*)$/)?.[1];
    assert.ok(next, "the page goes on by itself");
    const left = await browser.open(new URL(next, page.url).href);
    assert.ok(left.away && new URL(left.url).searchParams.get("state") === state, "back at the client with state");
    assert.ok(await signedOut(t, browser), "signed out");
  } },
];
