// The faults of faults.mjs for further flows.
import { answers, both, callback, denies, described, form, idToken } from "./breaking.mjs";
import { origin } from "./control.mjs";

const device = (posted) => /device_code$/.test(posted.grant_type ?? "");
const clientOf = (ctx) => Buffer.from((ctx.headers.authorization ?? "").slice(6), "base64").toString().split(":")[0];

const basic = (who) => "Basic " + Buffer.from(`${who.id}:${who.secret}`).toString("base64");
const bearer = answers("/me", async (ctx, next) => {
  await next();
  if (ctx.status === 401) { ctx.status = 200; ctx.body = {}; }
});
const introspection = "/token/introspection", revocation = "/token/revocation";

const frames = (d) => { d.frontchannel_logout_supported = d.frontchannel_logout_session_supported = true; };
// framed has the control open frames after a sign-out, which it does not of itself.
const framed = (query) => both(described(frames), { async around(ctx, next) {
  await next();
  if (ctx.path !== "/session/end/confirm") return;
  ctx.set("refresh", "0; url=" + ctx.response.get("location"));
  ctx.status = 200;
  ctx.type = "html";
  ctx.body = `<iframe src="${origin}/frontchannel?${query(ctx.origin)}"></iframe>`;
} });

export default [
  ["oidcc-frontchannel-logout-discovery-endpoint-verification", "its sid is not announced", described((d) => { d.frontchannel_logout_supported = true; })],
  ["oidcc-frontchannel-rp-initiated-logout", "it is announced and not done", described(frames)],
  ["oidcc-frontchannel-rp-initiated-logout", "the frame is of another issuer", framed(() => "iss=https://evil.example&sid=x")],
  ["oidcc-frontchannel-rp-initiated-logout", "the frame is of another session", framed((issuer) => `iss=${issuer}&sid=another`)],
  ["device-flow", "the device is told nothing before the person agrees", form("/token", (posted) => (body, ctx) => { if (body.error === "authorization_pending") ctx.body = { error: "slow" }; })],
  ["device-flow-of-another-client", "a device_code serves every client", form("/token", (posted, ctx, target) => { if (device(posted)) ctx.req.headers.authorization = basic(target.second); })],
  ["device-flow", "the device gets its tokens twice", () => {
    const first = new Map();
    return form("/token", (posted, ctx) => {
      if (first.has(posted.device_code)) { ctx.body = first.get(posted.device_code); return "answered"; }
      return (body) => { if (device(posted) && body.access_token) first.set(posted.device_code, { ...body }); };
    });
  }],
  ["device-flow", "the ID token is for another client", idToken((_, claims) => { claims.aud = "another"; })],
  ["device-flow-denied", "the device goes on asking", form("/token", () => (body) => { if (body.error === "access_denied") body.error = "authorization_pending"; })],
  ["device-flow-wrong-code", "a code has eight letters that count nothing", answers("/device", (ctx) => { ctx.type = "html"; ctx.body = '<form id="op.deviceConfirmForm"></form>'; })],
  ["device-flow-wrong-code", "a guessed device_code is waited for", form("/token", (posted) => (body) => { if (device(posted) && body.error === "invalid_grant") body.error = "authorization_pending"; })],
  ["refresh-rotation", "refresh tokens do not rotate", { configure(c) { c.rotateRefreshToken = false; } }],
  ["refresh-rotation", "an old one ends nothing", () => {
    const used = new Set();
    return denies("/token", "invalid_grant", (posted) => posted.refresh_token && (used.has(posted.refresh_token) || void used.add(posted.refresh_token)));
  }],
  ["par-of-an-ordinary-client", "a pushed request's state is lost", callback((q) => q.set("state", "another"))],
  ["par-of-an-ordinary-client", "a pushed request is refused", denies("/request", "invalid_request", () => true)],
  ["dpop-of-an-ordinary-client", "tokens are not bound", { around(ctx, next) { if (ctx.path === "/token") delete ctx.req.headers.dpop; return next(); } }],
  ["dpop-of-an-ordinary-client", "a bound token serves as a bearer's", bearer],
  ["dpop-nonce", "no nonce is handed out", { async around(ctx, next) { await next(); ctx.remove("dpop-nonce"); } }],
  ["dpop-nonce", "userinfo does not say what is wrong", answers("/me", async (ctx, next) => { await next(); ctx.set("www-authenticate", "DPoP"); })],
  ["introspection-and-revocation", "every token is active", form(introspection, () => (body) => { body.active = true; })],
  ["introspection-and-revocation", "no token is active", form(introspection, () => (body) => { body.active = false; })],
  ["introspection-and-revocation", "nothing is taken back", form(revocation, (_, ctx) => { ctx.status = 200; ctx.body = ""; return "answered"; })],
  ["introspection-and-revocation", "every client takes back every token", form(revocation, (_, ctx, target) => {
    if (clientOf(ctx) !== target.first.id) ctx.req.headers.authorization = basic(target.first);
  })],
  ["introspection-and-revocation", "tokens are another client's", form(introspection, () => (body) => { body.client_id = "another"; })],
];
