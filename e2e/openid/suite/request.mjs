// The second half of oidcc-basic-certification-test-plan: what a request for
// authorization may ask.
import assert from "node:assert/strict";
import * as client from "openid-client";
import * as jose from "jose";
import { setTimeout as pause } from "node:timers/promises";

const plan = "basic";
const userNeeded = ["interaction_required", "login_required", "account_selection_required", "consent_required"];

// accepted says that the request with the parameter goes well.
const accepted = (more) => async (t) => {
  const flow = await t.authorize(await t.signedIn(), typeof more === "function" ? more(t) : more);
  return t.redeem(flow);
};

// display is accepted, and shows the sign-in page to one who has not signed in.
const display = (value) => async (t) => {
  await accepted({ display: value })(t);
  const page = await t.send(t.target.browser(), await t.request({ display: value }));
  assert.ok(t.target.isSignIn(page), `the sign-in page, not ${page.status}`);
};

// again signs in, asks once more with the parameters, and must not trouble the person.
const again = (first, second) => async (t) => {
  const browser = await t.signedIn();
  const one = await t.redeem(await t.authorize(browser, first), { maxAge: first.max_age && Number(first.max_age) });
  const more = typeof second === "function" ? second(one) : second;
  const flow = await t.authorize(browser, more);
  assert.deepEqual(flow.met, [], "pages met");
  const two = await t.redeem(flow, { maxAge: more.max_age && Number(more.max_age) });
  assert.equal(two.id.sub, one.id.sub, "sub");
  assert.equal(two.id.auth_time, one.id.auth_time, "auth_time");
  if (first.max_age) assert.ok(Number.isInteger(two.id.auth_time), "auth_time, as max_age asks for it");
};

// anew signs in twice: the second time although there is a session.
async function anew(t, seconds, more) {
  const browser = t.target.browser();
  const one = await t.redeem(await t.authorize(browser));
  await pause(seconds * 1000);
  const flow = await t.authorize(browser, more);
  assert.ok(flow.met.includes("sign-in"), `the sign-in page; met ${flow.met}`);
  const two = await t.redeem(flow, { maxAge: more.max_age && Number(more.max_age) });
  if (more.max_age) assert.ok(Number.isInteger(two.id.auth_time), "auth_time, as max_age asks for it");
  if (two.id.auth_time !== undefined && one.id.auth_time !== undefined) assert.ok(two.id.auth_time > one.id.auth_time, "a later auth_time");
  if (two.id.auth_time !== undefined) assert.ok(Math.abs(two.id.auth_time - Date.now() / 1000) < 120, "a recent auth_time");
  t.review = true;
}

// unsigned makes a request object with alg none of the request.
function unsigned(request, audience) {
  const part = (v) => jose.base64url.encode(JSON.stringify(v));
  return `${part({ alg: "none", typ: "oauth-authz-req+jwt" })}.${part({ iss: request.who.id, aud: audience, ...request.parameters })}.`;
}

const announcesNone = (t) => (t.metadata.request_object_signing_alg_values_supported ?? []).includes("none");

// objected sends a request of which one half is in a request object, and looks
// that the object is either used or refused, and never passed over in silence.
async function objected(t, outer, carry, unsupported) {
  const inner = await t.request();
  const request = { ...inner, parameters: { client_id: inner.who.id, response_type: "code", scope: "openid", redirect_uri: inner.who.redirect, state: "of-the-outer-request",
    code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()), code_challenge_method: "S256", ...outer, ...carry(inner) } };
  const page = await t.ask(request);
  if (!page.away) {
    t.errorPage(page);
    t.review = false;
  } else {
    assert.ok(page.url.startsWith(inner.who.redirect + "?"), `sent to ${page.url.split("?")[0]}`);
    const q = new URL(page.url).searchParams;
    if (q.has("code")) {
      assert.equal(q.get("state"), inner.parameters.state, "the object's state: it was used");
      await t.redeem({ ...inner, callback: new URL(page.url) });
      return;
    }
    assert.ok(unsupported.includes(q.get("error")), `error ${q.get("error")}, want one of ${unsupported}`);
  }
  assert.ok(!announcesNone(t), "alg none is announced and refused");
  t.skip("request_object_signing_alg_values_supported does not hold none; what was sent was refused and not passed over");
}

export default [
  { plan, name: "oidcc-display-page", what: "display=page is accepted", run: display("page") },
  { plan, name: "oidcc-display-popup", what: "display=popup is accepted", run: display("popup") },
  { plan, name: "oidcc-prompt-login", what: "prompt=login has the person sign in again; auth_time is later", seconds: 2, run: (t) => anew(t, 1.1, { prompt: "login" }) },
  { plan, name: "oidcc-prompt-none-not-logged-in", what: "prompt=none without a session: an error that says so, with state of 128 letters untouched", async run(t) {
    const request = await t.request({ prompt: "none", state: "aZ09-._~".repeat(16) });
    const page = await t.send(t.target.browser(), request);
    assert.ok(page.away, `at ${page.url.split("?")[0]}, not back at the client`);
    t.refused(page.url, request, userNeeded);
  } },
  { plan, name: "oidcc-prompt-none-logged-in", what: "prompt=none with a session: a code, at once, of the same person and sign-in", run: again({}, { prompt: "none" }) },
  { plan, name: "oidcc-max-age-1", what: "max_age=1 two seconds later has the person sign in again; auth_time is there and later", seconds: 3, run: (t) => anew(t, 2.1, { max_age: "1" }) },
  { plan, name: "oidcc-max-age-10000", what: "max_age=10000 troubles nobody who has just signed in; auth_time is there and the same", run: again({ max_age: "15000" }, { max_age: "10000" }) },
  { plan, name: "oidcc-ensure-request-with-unknown-parameter-succeeds", what: "an unknown parameter is ignored", run: accepted({ extra: "foobar" }) },
  { plan, name: "oidcc-id-token-hint", what: "prompt=none with id_token_hint: a code, at once", run: again({}, (one) => ({ prompt: "none", id_token_hint: one.id_token })) },
  { plan, name: "oidcc-login-hint", what: "login_hint does no harm", async run(t) {
    await t.redeem(await t.authorize(t.target.browser(), { login_hint: t.target.loginHint }));
  } },
  { plan, name: "oidcc-ui-locales", what: "ui_locales does no harm, known or not; the page speaks the language that is known", async run(t) {
    await accepted({ ui_locales: "se" })(t);
    for (const lang of t.metadata.ui_locales_supported ?? []) {
      const page = await t.send(t.target.browser(), await t.request({ ui_locales: `se ${lang}` }));
      assert.ok(t.target.isSignIn(page), "the sign-in page");
      assert.match(page.text, new RegExp(`<html[^>]* lang="${lang}"`), `the page in ${lang}`);
    }
  } },
  { plan, name: "oidcc-claims-locales", what: "claims_locales does no harm", run: accepted({ claims_locales: "se" }) },
  { plan, name: "oidcc-ensure-request-with-acr-values-succeeds", what: "acr_values is accepted, and acr is one of those asked for", async run(t) {
    const values = t.metadata.acr_values_supported ?? ["1", "2"];
    const tokens = await accepted({ acr_values: values.join(" ") })(t);
    t.warn(values.includes(tokens.id.acr), `acr is ${tokens.id.acr}`);
  } },
  { plan, name: "oidcc-ensure-registered-redirect-uri", what: "an unknown redirect_uri: a page that says so, and nobody is sent there", async run(t) {
    const astray = t.target.first.redirect + "/" + client.randomState();
    for (const redirect_uri of [astray, t.target.first.redirect + "?a=b", "https://evil.example/callback", undefined]) {
      t.errorPage(await t.ask(await t.request({ redirect_uri })));
    }
  } },
  { plan, name: "oidcc-ensure-post-request-succeeds", what: "the authorization endpoint takes POST, from another site as it is", async run(t) {
    await t.redeem(await t.authorize(await t.signedIn(), {}, { method: "POST" }));
    const page = await t.send(t.target.browser(), await t.request(), { method: "POST" });
    assert.ok(t.target.isSignIn(page), `the sign-in page, not ${page.status}`);
  } },
  { plan, name: "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", what: "an unsigned request object by reference: used, or refused", async run(t) {
    await objected(t, {}, () => ({ request_uri: "https://client.example/request.jwt" }), ["request_uri_not_supported", "invalid_request_uri", "invalid_request"]);
  } },
  { plan, name: "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", what: "an unsigned request object by value: used, or refused", async run(t) {
    await objected(t, {}, (inner) => ({ request: unsigned(inner, t.issuer) }), ["request_not_supported", "invalid_request_object", "invalid_request"]);
  } },
  { plan, name: "oidcc-ensure-request-object-with-redirect-uri", what: "the redirect_uri of a request object goes before that beside it; an unknown one is never followed", async run(t) {
    await objected(t, { redirect_uri: "https://evil.example/callback" }, (inner) => ({ request: unsigned(inner, t.issuer) }), []);
  } },
  { plan, name: "oidcc-ensure-request-with-valid-pkce-succeeds", what: "PKCE with S256 succeeds, with the right code_verifier alone", async run(t) {
    await accepted({})(t);
    const flow = await t.authorize(await t.signedIn());
    t.invalidGrant(await t.token(flow.who, { grant_type: "authorization_code", code: flow.callback.searchParams.get("code"), redirect_uri: flow.who.redirect,
      code_verifier: client.randomPKCECodeVerifier() }));
  } },
];
