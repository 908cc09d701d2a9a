// The control: npm's oidc-provider, certified for the same plans, with which the
// suite is tried. With a fault (see faults.mjs) it is broken on purpose.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import * as jose from "jose";
import { hasField, words } from "./net.mjs";
import { connect } from "./target.mjs";

export const origin = "http://127.0.0.1:9400";
// keys are the strict clients' own.
export const keys = JSON.parse(readFileSync(new URL("keys.json", import.meta.url)));
const pairs = { RS256: jose.generateKeyPair("RS256", { extractable: true }), ES256: jose.generateKeyPair("ES256", { extractable: true }) };
const jwks = async () => ({ keys: await Promise.all(Object.entries(pairs).map(async ([alg, pair]) => ({ ...(await jose.exportJWK((await pair).privateKey)), kid: "control-" + alg, alg, use: "sig" }))) });

const person = {
  name: "Test Person", given_name: "Test", family_name: "Person", middle_name: "T", nickname: "t", preferred_username: "t", profile: "https://example.org/t",
  picture: "https://example.org/t.png", website: "https://example.org", gender: "female", birthdate: "1980-01-02", zoneinfo: "Asia/Bishkek", locale: "ky-KG",
  updated_at: 1700000000, email: "t@example.org", email_verified: true, phone_number: "+996700000000", phone_number_verified: true,
  address: { country: "KG" },
};

// start gives the control as a target, with stop(). short is how many seconds a
// code lives, when not a minute.
export async function start({ wait, short, fault } = {}) {
  console.warn = console.info = () => {}; // its reminders about production say nothing here
  const { default: Provider } = await import("oidc-provider");
  const server = http.createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const ids = [["first", "first-secret"], ["second", "second-secret"]];
  const configuration = {
    jwks: await jwks(),
    clients: [...ids.map(([id, secret]) => ({
      client_id: id, client_secret: secret, redirect_uris: [origin + "/callback"], post_logout_redirect_uris: [origin + "/"],
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"], response_types: ["code"],
      backchannel_logout_uri: origin + "/backchannel", backchannel_logout_session_required: true,
    })), ...Object.entries(keys).map(([id, own]) => ({
      client_id: id, redirect_uris: [origin + "/callback"], grant_types: ["authorization_code", "refresh_token"], response_types: ["code"],
      token_endpoint_auth_method: "private_key_jwt", jwks: { keys: own.map(({ kty, crv, x, y, n, e, kid, use }) => ({ kty, crv, x, y, n, e, kid, use })) },
      dpop_bound_access_tokens: true, require_pushed_authorization_requests: true, id_token_signed_response_alg: "ES256",
    }))],
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"], clientAuthSigningAlgValues: ["ES256", "PS256", "EdDSA"] },
    scopes: ["openid", "offline_access", "profile", "email", "phone", "address"],
    claims: {
      openid: ["sub"], email: ["email", "email_verified"], phone: ["phone_number", "phone_number_verified"], address: ["address"],
      profile: ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender",
        "birthdate", "zoneinfo", "locale", "updated_at"],
    },
    acrValues: ["control"],
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...person }) }),
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, claimsParameter: { enabled: true }, introspection: { enabled: true },
      revocation: { enabled: true }, deviceFlow: { enabled: true }, dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7) }, pushedAuthorizationRequests: { enabled: true },
      fapi: { enabled: true, profile: (_, c) => c?.clientId in keys ? "2.0" : undefined },
    },
    enableHttpPostMethods: true,
    allowOmittingSingleRegisteredRedirectUri: false,
    fetch: (url, { dispatcher: _, ...options }) => fetch(url, options), // its own refuses this machine's addresses
    cookies: { keys: ["of the control alone"], long: { sameSite: "none", httpOnly: true }, short: { sameSite: "lax", httpOnly: true } },
    rotateRefreshToken: (ctx) => !(ctx.oidc.client.clientId in keys),
    ttl: { AccessToken: 600, AuthorizationCode: short ?? 60, PushedAuthorizationRequest: 60, IdToken: 600, RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 600, DeviceCode: 600 },
  };
  const target = { name: "control", issuer, wait, clients: ids.map(([id, secret]) => ({ id, secret, redirect: origin + "/callback" })),
    strict: Object.entries(keys).map(([id, own]) => ({ id, keys: own, redirect: origin + "/callback" })), short,
    postLogout: origin + "/", frontchannel: origin + "/frontchannel", loginHint: "somebody", walk, refuse, device, asksDevice, signOut, isSignIn: (page) => hasField(page, "login") };
  fault?.configure?.(configuration);
  const provider = new Provider(issuer, configuration);
  const fell = (_, e) => { target.fell ??= `${e.message} ${e.cause?.message ?? ""}`; };
  provider.on("server_error", fell).on("backchannel.error", fell).on("error", (e) => fell(undefined, e));
  fault?.provider?.(provider);
  let armed = false; // a fault begins when the client has read the description
  if (fault?.around) provider.use((ctx, next) => armed ? fault.around(ctx, next, target) : next());
  server.on("request", provider.callback());

  await connect(target);
  armed = true;
  target.stop = () => { server.closeAllConnections(); return new Promise((done) => server.close(done)); };
  return target;
}

// resign changes a JWT of the control and signs it again.
export async function resign(token, change) {
  const [header, claims] = [jose.decodeProtectedHeader(token), jose.decodeJwt(token)];
  const changed = await change(header, claims);
  if (typeof changed === "string") return changed;
  return new jose.SignJWT(claims).setProtectedHeader(header).sign((await pairs[header.alg]).privateKey);
}

// walk does the person's part over the control's pages.
async function walk(browser, page, met) {
  for (let step = 0; step < 4 && !page.away; step++) {
    if (hasField(page, "login")) {
      met.push("sign-in");
      page = await browser.submit(page, "login", { login: "somebody", password: "x" });
    } else if (/name="prompt" value="consent"/.test(page.text)) {
      met.push("consent");
      page = await browser.submit(page, "prompt", {});
    } else return page;
  }
  return page;
}

// refuse follows the control's link back to the client.
const refuse = (browser, page) => browser.open(new URL(page.text.match(/href="([^"]*\/abort)"/)[1], page.url).href);

// device does the person's part for a device.
const asksDevice = (page) => /op\.deviceConfirmForm/.test(page.text);
async function device(browser, url, agrees) {
  let page = await browser.open(url);
  if (hasField(page, "user_code") && !asksDevice(page)) page = await browser.submit(page, "user_code", {});
  assert.ok(asksDevice(page), `the question about the device, not ${page.status}: ${words(page).slice(0, 300)}`);
  const answered = await browser.submit(page, "user_code", agrees ? {} : { abort: "yes" });
  return { page: agrees ? await walk(browser, answered, []) : answered };
}

// signOut answers yes where the control asks whether to sign out; asked says
// that it did.
async function signOut(browser, page) {
  if (page.away || !/id="op.logoutForm"/.test(page.text ?? "")) {
    if (/name="logout" value="yes"/.test(page.text ?? "")) return { page: await browser.submit(page, "xsrf", {}), asked: false };
    return { page, asked: false };
  }
  return { page: await browser.submit(page, "xsrf", { logout: "yes" }), asked: true };
}
