// What a module is made of, and how modules are run.
//
// A module is { name, plan, what, run(t) }. It ends like one of the OpenID
// Foundation's suite: PASSED; WARNING, where a recommendation is not followed;
// REVIEW, where that suite has a person look at a picture of the page and this
// one looks at the page itself; SKIPPED, where the provider says that it does
// not do what is asked; FAILED.
import assert from "node:assert/strict";
import * as client from "openid-client";
import * as jose from "jose";
import { ask, post, words } from "./net.mjs";

export class Skipped extends Error {}

// Run is one module's run against a provider: the target (see esi.mjs and
// control.mjs) and what was noted.
export class Run {
  constructor(target) {
    this.target = target;
    this.warnings = [];
    this.review = false;
  }

  get metadata() { return this.target.config.serverMetadata(); }
  get issuer() { return this.target.issuer; }
  warn(condition, what) { if (!condition) this.warnings.push(what); }
  skip(why) { throw new Skipped(why); }

  // request begins an authorization request; a member that is undefined is left out.
  async request(more = {}, who = this.target.first) {
    const verifier = client.randomPKCECodeVerifier();
    const all = { client_id: who.id, redirect_uri: who.redirect, response_type: "code", scope: "openid", state: client.randomState(),
      nonce: client.randomNonce(), code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more };
    const parameters = Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
    return { who, verifier, parameters };
  }

  address(request, order = (entries) => entries) {
    const url = new URL(this.metadata.authorization_endpoint);
    for (const [k, v] of order(Object.entries(request.parameters))) url.searchParams.set(k, v);
    return url.href;
  }

  // send opens the request in the browser: the first page that is no redirect.
  send(browser, request, { method = "GET", order } = {}) {
    const url = this.address(request, order);
    if (method === "GET") return browser.open(url);
    return browser.open(this.metadata.authorization_endpoint, { method, body: new URL(url).search.slice(1), crossSite: true,
      headers: { "content-type": "application/x-www-form-urlencoded", origin: new URL(this.target.first.redirect).origin } });
  }

  // ask sends the request in a signed-in browser and goes on as far as it goes.
  async ask(request, options) {
    const browser = await this.signedIn();
    return this.target.walk(browser, await this.send(browser, request, options), []);
  }

  // authorize does the person's part too. It gives the request with the address
  // at which the client is called back and the pages that the person met.
  async authorize(browser, more = {}, { who, ...options } = {}) {
    const request = await this.request(more, who);
    const met = [];
    const page = await this.target.walk(browser, await this.send(browser, request, options), met);
    assert.ok(page.away, `the browser is not back at the client but at ${new URL(page.url).pathname} (${page.status}): ${words(page).slice(0, 300)}`);
    return { ...request, met, callback: this.callback(page.url, request) };
  }

  // callback checks the address at which the client is called back.
  callback(url, { who }) {
    assert.ok(url.startsWith(who.redirect + "?"), `called back at ${url.split("?")[0]}, not at ${who.redirect}`);
    const at = new URL(url);
    assert.equal(at.hash, "", "nothing in the fragment");
    for (const name of at.searchParams.keys()) assert.equal(at.searchParams.getAll(name).length, 1, `${name} once`);
    if (at.searchParams.has("iss")) assert.equal(at.searchParams.get("iss"), this.issuer, "iss of the answer (RFC 9207)");
    if (this.metadata.authorization_response_iss_parameter_supported) assert.ok(at.searchParams.has("iss"), "iss as promised");
    return at;
  }

  // refused checks an error answer of the authorization endpoint and gives its code.
  refused(url, request, allowed) {
    const at = this.callback(url, request);
    const q = at.searchParams;
    assert.ok(q.has("error"), `an error, not ${[...q.keys()]}`);
    assert.ok(!q.has("code"), "no code beside an error");
    assert.equal(q.get("state"), request.parameters.state, "state as sent");
    assert.ok(allowed.includes(q.get("error")), `error ${q.get("error")}, want one of ${allowed}`);
    assert.match(q.get("error_description") ?? "", /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, "error_description in the letters of RFC 6749");
    return q.get("error");
  }

  // redeem exchanges the code, by openid-client, and checks the ID token.
  async redeem(flow, { config, maxAge, nonce = flow.parameters.nonce } = {}) {
    const tokens = await client.authorizationCodeGrant(config ?? flow.who.config, flow.callback,
      { pkceCodeVerifier: flow.verifier, expectedState: flow.parameters.state, expectedNonce: nonce, idTokenExpected: true, maxAge });
    tokens.id = await this.idToken(tokens.id_token, { audience: flow.who.id, nonce, accessToken: tokens.access_token });
    return tokens;
  }

  // idToken checks an ID token beside what openid-client has checked (OpenID
  // Connect Core 1.0, 2 and 3.1.3.7) and gives its claims.
  async idToken(token, { audience, nonce, accessToken }) {
    const header = jose.decodeProtectedHeader(token);
    assert.ok(this.metadata.id_token_signing_alg_values_supported.includes(header.alg), `alg ${header.alg} is announced`);
    const { payload } = await jose.jwtVerify(token, await this.keys(), { issuer: this.issuer, audience, clockTolerance: 5 });
    const now = Date.now() / 1000;
    assert.ok(payload.aud === audience || (payload.aud.length === 1 && payload.aud[0] === audience) || payload.azp === audience, "aud is the client alone");
    assert.ok(payload.azp === undefined || payload.azp === audience, "azp is the client");
    assert.ok(Number.isInteger(payload.exp) && payload.exp > now && Number.isInteger(payload.iat) && Math.abs(payload.iat - now) < 300, "exp and iat");
    assert.equal(payload.nonce, nonce, "nonce as sent");
    assert.match(payload.sub, /^[\x20-\x7e]{1,255}$/, "sub");
    if (payload.auth_time !== undefined) assert.ok(Number.isInteger(payload.auth_time) && payload.auth_time <= now + 5, "auth_time");
    if (payload.at_hash !== undefined) {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(accessToken));
      assert.equal(payload.at_hash, jose.base64url.encode(new Uint8Array(digest.slice(0, 16))), "at_hash");
    }
    return payload;
  }

  async keys() {
    const answer = await ask(this.metadata.jwks_uri);
    assert.equal(answer.status, 200, "jwks_uri");
    return jose.createLocalJWKSet(JSON.parse(answer.text));
  }

  // signedIn is a browser in which somebody has signed in.
  signedIn() { return this.target.session(this); }

  async userinfo(tokens, how = "get") {
    const bearer = { authorization: `Bearer ${tokens.access_token}` };
    const url = this.metadata.userinfo_endpoint;
    if (how === "get") return ask(url, { headers: bearer });
    return how === "header" ? ask(url, { method: "POST", headers: bearer, body: "" }) : post(url, { access_token: tokens.access_token });
  }

  // claims checks an answer of userinfo and gives its claims (OpenID Connect Core 1.0, 5.1 and 5.3.2).
  claims(answer, tokens) {
    assert.equal(answer.status, 200, `userinfo: ${answer.text.slice(0, 200)}`);
    assert.match(answer.headers["content-type"] ?? "", /^application\/json\b/, "content type of userinfo");
    const claims = JSON.parse(answer.text);
    assert.equal(claims.sub, tokens.id.sub, "sub of userinfo and ID token");
    for (const [name, kind] of Object.entries(standardClaims)) if (name in claims) assert.ok(kind(claims[name]), `${name} is ${JSON.stringify(claims[name])}`);
    return claims;
  }

  // errorPage checks a page that tells the person what is wrong, where the
  // client must not be told.
  errorPage(page) {
    assert.ok(!page.away, `the browser was sent to ${page.url}`);
    assert.ok(page.status >= 400 && page.status < 500, `status ${page.status}`);
    assert.match(page.headers["content-type"], /^text\/html/, "a page for people");
    assert.ok(words(page).length > 20, "that says something");
    this.review = true;
  }

  // token asks the token endpoint as the client, below openid-client's checks.
  async token(who, form, headers = {}) {
    const basic = Buffer.from([who.id, who.secret].map(encodeURIComponent).join(":")).toString("base64");
    const answer = await post(this.metadata.token_endpoint, form, { authorization: `Basic ${basic}`, ...headers });
    return { ...answer, json: JSON.parse(answer.text) };
  }

  // invalidGrant checks an error answer of the token endpoint (RFC 6749, 5.2).
  invalidGrant(answer, error = "invalid_grant") {
    assert.equal(answer.status, 400, `status; ${answer.text.slice(0, 200)}`);
    assert.match(answer.headers["content-type"] ?? "", /^application\/json\b/);
    assert.equal(answer.json.error, error);
    assert.match(answer.json.error_description ?? "", /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, "error_description in the letters of RFC 6749");
  }
}

const string = (v) => typeof v === "string" && v !== "";
const truth = (v) => typeof v === "boolean";
const standardClaims = {
  name: string, given_name: string, family_name: string, middle_name: string, nickname: string, preferred_username: string, profile: string,
  picture: string, website: string, gender: string, zoneinfo: string, locale: string, phone_number: string,
  email: (v) => string(v) && /^[^@\s]+@[^@\s]+$/.test(v), email_verified: truth, phone_number_verified: truth,
  birthdate: (v) => /^(\d{4}|0000)(-\d\d-\d\d)?$/.test(v), updated_at: (v) => Number.isInteger(v) && v > 0 && v < Date.now() / 1000 + 300,
  address: (v) => typeof v === "object" && v !== null && !Array.isArray(v),
};

// one runs a module and says how it ended.
export async function one(module, target) {
  const run = new (module.context ?? Run)(target), began = Date.now();
  const end = (result, notes) => ({ target: target.name, plan: module.plan, module: module.name, result, notes, ms: Date.now() - began });
  try {
    await module.run(run);
  } catch (e) {
    if (e instanceof Skipped) return end("SKIPPED", [e.message]);
    const cause = e.cause?.error ?? e.cause?.message ?? "";
    return end("FAILED", [`${e.message ?? e}${e.error ? ` (${e.error}: ${e.error_description})` : ""}${cause ? ` (${cause})` : ""}`]);
  }
  if (run.warnings.length > 0) return end("WARNING", run.warnings);
  return end(run.review ? "REVIEW" : "PASSED", []);
}

// all runs the modules, some at a time, each told as it ends.
export async function all(modules, target, told, abreast = 4) {
  const slow = (m) => m.seconds ?? 0;
  const waiting = [...modules].sort((a, b) => slow(b) - slow(a));
  const sleepers = waiting.splice(0, waiting.findIndex((m) => slow(m) < 5) < 0 ? waiting.length : waiting.findIndex((m) => slow(m) < 5));
  const results = new Map();
  const next = async (m) => { const r = await one(m, target); results.set(m.name, r); told(r); };
  const lane = async () => { for (let m; (m = waiting.shift());) await next(m); };
  await Promise.all([...sleepers.map(next), ...Array.from({ length: abreast }, lane)]);
  return results;
}
