// What a client of the FAPI 2.0 Security Profile sends, made by hand where
// openid-client would not make it wrong: pushed requests, client assertions,
// DPoP proofs.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import * as jose from "jose";
import { ask, post, words } from "./net.mjs";
import { Run } from "./run.mjs";

export const seconds = () => Math.floor(Date.now() / 1000);

// Strict is a run with the target's clients of the profile.
export class Strict extends Run {
  get one() { return this.target.strict[0]; }
  get two() { return this.target.strict[1]; }

  // pair is a key for proofs of possession; the target remembers them in order.
  async pair() {
    const pair = await jose.generateKeyPair("ES256", { extractable: true });
    pair.jwk = await jose.exportJWK(pair.publicKey);
    pair.thumbprint = await jose.calculateJwkThumbprint(pair.jwk);
    (this.target.pairs ??= []).push(pair);
    return pair;
  }

  // assertion proves the client; a claim that is undefined is left out.
  async assertion(who, claims = {}, kid = who.keys[0].kid, alg = "ES256") {
    const now = seconds();
    const all = { iss: who.id, sub: who.id, aud: this.issuer, jti: randomUUID(), iat: now, nbf: now, exp: now + 60, ...claims };
    const key = await jose.importJWK(who.keys.find((k) => k.kid === kid), alg);
    return new jose.SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader({ alg, kid }).sign(key);
  }

  // proof shows the key of the pair.
  proof = (pair, method, url, claims = {}, header = {}) => proof(pair, method, url, claims, header);

  // authenticated is a form with the client's assertion.
  async authenticated(who, form, assertion) {
    return { ...form, client_id: who.id, ...(assertion === null ? {} : { client_assertion: assertion ?? await this.assertion(who),
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" }) };
  }

  async posted(url, form, dpop) {
    const answer = await post(url, form, dpop ? { dpop } : {});
    return { ...answer, json: /json/.test(answer.headers["content-type"] ?? "") ? JSON.parse(answer.text) : {} };
  }

  // push sends an authorization request ahead (RFC 9126).
  async push(request, { assertion, dpop, extra = {} } = {}) {
    return this.posted(this.metadata.pushed_authorization_request_endpoint, await this.authenticated(request.who, { ...request.parameters, ...extra }, assertion), dpop);
  }

  // pushed is the request_uri of a request that is taken.
  async pushed(request, options) {
    const answer = await this.push(request, options);
    assert.equal(answer.status, 201, `pushed: ${answer.text.slice(0, 300)}`);
    assert.ok(Number.isInteger(answer.json.expires_in) && answer.json.expires_in > 0 && answer.json.expires_in <= 600, "expires_in of less than 600 s");
    assert.match(answer.json.request_uri, /^urn:ietf:params:oauth:request_uri:.{20,}/, "request_uri");
    return answer.json;
  }

  url(request, request_uri, more = {}) {
    const url = new URL(this.metadata.authorization_endpoint);
    for (const [k, v] of Object.entries({ client_id: request.who.id, request_uri, ...more })) url.searchParams.set(k, v);
    return url.href;
  }

  // flow pushes a request and does the person's part.
  async flow(more = {}, { who = this.one, browser, ...options } = {}) {
    const request = await this.request(more, who);
    const { request_uri } = await this.pushed(request, options);
    browser ??= await this.signedIn();
    const page = await this.target.walk(browser, await browser.open(this.url(request, request_uri)), []);
    assert.ok(page.away, `back at the client, not at ${new URL(page.url).pathname} (${page.status}): ${words(page).slice(0, 300)}`);
    return { ...request, request_uri, browser, callback: this.callback(page.url, request) };
  }

  code(flow, more = {}) {
    return { grant_type: "authorization_code", code: flow.callback.searchParams.get("code"), redirect_uri: flow.parameters.redirect_uri, code_verifier: flow.verifier, ...more };
  }

  // exchange asks the token endpoint, with a proof of the pair's key.
  async exchange(who, form, pair, { assertion, dpop } = {}) {
    const url = this.metadata.token_endpoint;
    return this.posted(url, await this.authenticated(who, JSON.parse(JSON.stringify(form)), assertion), dpop ?? (pair && await this.proof(pair, "POST", url)));
  }

  // tokens redeems the flow's code and checks what comes.
  async tokens(flow, pair, options) {
    const answer = await this.exchange(flow.who, this.code(flow), pair, options);
    assert.equal(answer.status, 200, `tokens: ${answer.text.slice(0, 300)}`);
    assert.match(answer.json.token_type, /^dpop$/i, "token_type");
    answer.json.id = await this.idToken(answer.json.id_token, { audience: flow.who.id, nonce: flow.parameters.nonce, accessToken: answer.json.access_token });
    return answer.json;
  }

  // resource asks userinfo with the token.
  async resource(tokens, pair, { scheme = "DPoP", dpop, claims = {}, header = {} } = {}) {
    const url = this.metadata.userinfo_endpoint;
    const ath = createHash("sha256").update(tokens.access_token).digest("base64url");
    dpop ??= await this.proof(pair, "GET", url, { ath, ...claims }, header);
    return ask(url, { headers: { authorization: `${scheme} ${tokens.access_token}`, ...(dpop === "none" ? {} : { dpop }) } });
  }

  // works says that the token opens userinfo with a proof of the pair.
  async works(tokens, pair, options) { return this.claims(await this.resource(tokens, pair, options), tokens); }

  // declined checks an error answer of an endpoint that machines call.
  declined(answer, codes, statuses = [400, 401]) {
    assert.ok(statuses.includes(answer.status), `status ${answer.status}: ${answer.text.slice(0, 200)}`);
    assert.ok(codes.includes(answer.json.error), `error ${answer.json.error}, want one of ${codes}`);
  }

  // nowhere says that the request is refused, either when it is pushed or at the
  // authorization endpoint, and that no code is given.
  async nowhere(request, codes, options) {
    const answer = await this.push(request, options);
    if (answer.status !== 201) return this.declined(answer, codes);
    const browser = await this.signedIn();
    this.stopped(await this.target.walk(browser, await browser.open(this.url(request, answer.json.request_uri)), []), request, codes);
  }

  // stopped says that the page is an error page, or that the client is told an error.
  stopped(page, request, codes) {
    if (!page.away) return this.errorPage(page);
    const q = new URL(page.url).searchParams;
    assert.ok(!q.has("code") && q.has("error"), "no code");
    assert.ok(codes.includes(q.get("error")), `error ${q.get("error")}, want one of ${codes}`);
  }
}

export async function proof(pair, method, url, claims = {}, header = {}) {
  const all = { jti: randomUUID(), htm: method, htu: url, iat: seconds(), ...claims };
  return new jose.SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader(JSON.parse(JSON.stringify({ alg: "ES256", typ: "dpop+jwt", jwk: pair.jwk, ...header }))).sign(pair.privateKey);
}
