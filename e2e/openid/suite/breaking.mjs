// Ways of breaking the control: between the client and oidc-provider, or in its
// configuration. Each gives what start of control.mjs takes as a fault.
import { createHash } from "node:crypto";
import * as jose from "jose";
import { origin, resign } from "./control.mjs";
import { proof, Strict } from "./strict.mjs";

const asks = (ctx) => ctx.path === "/auth" && ctx.method === "GET";

// after changes an answer of the path.
export const after = (path, change) => ({ async around(ctx, next) {
  await next();
  if (ctx.path === path) await change(ctx);
} });

// idToken changes the header or the claims of ID tokens.
export const idToken = (change) => after("/token", async (ctx) => {
  if (ctx.body?.id_token) ctx.body.id_token = await resign(ctx.body.id_token, change);
});
export const claim = (name, value) => idToken((_, claims) => { claims[name] = value; });
export const noClaim = (name) => idToken((_, claims) => { delete claims[name]; });

// otherKey signs as somebody else would.
export const otherKey = idToken(async (header, claims) => new jose.SignJWT(claims).setProtectedHeader(header).sign((await jose.generateKeyPair("RS256")).privateKey));
export const unsigned = (header, claims) => `${jose.base64url.encode(JSON.stringify({ alg: "none" }))}.${jose.base64url.encode(JSON.stringify(claims))}.`;

export const answer = (change) => after("/token", (ctx) => { if (ctx.body?.access_token) change(ctx.body); });
export const userinfo = (change) => after("/me", (ctx) => { if (ctx.status === 200) change(ctx.body, ctx); });
export const described = (change) => after("/.well-known/openid-configuration", (ctx) => change(ctx.body, ctx));
export const jwks = (change) => after("/jwks", (ctx) => change(ctx.body.keys));

// query changes a request for authorization before the control sees it.
export const query = (change) => ({ around(ctx, next) {
  if (asks(ctx)) {
    const q = { ...ctx.query };
    change(q);
    ctx.query = q;
  }
  return next();
} });

// refuses answers an error page to requests for authorization.
export const refuses = (when) => ({ around(ctx, next) {
  if (ctx.path !== "/auth" || !when(ctx.query, ctx.method)) return next();
  ctx.status = 400;
  ctx.type = "html";
  ctx.body = "<html><body>This request is not to our liking.</body></html>";
} });

// callback changes the address to which the browser is led back.
export const callback = (change, path) => ({ async around(ctx, next) {
  await next();
  const to = ctx.response.get("location");
  if (!to?.startsWith(origin) || (path && ctx.path !== path)) return;
  const url = new URL(to);
  change(url.searchParams);
  ctx.set("location", url.href);
} });

// signOut does as it likes when the person has agreed to sign out: where is what
// was asked for.
export const signOut = (change) => () => {
  let asked = {};
  return { async around(ctx, next) {
    if (ctx.path === "/session/end") asked = { ...ctx.query };
    if (ctx.path !== "/session/end/confirm") return next();
    return change(ctx, next, asked);
  } };
};

// form changes what is posted to the path; the change may answer itself, and hear of the answer.
export const form = (path, change) => ({ async around(ctx, next, target) {
  if (ctx.path !== path || ctx.method !== "POST") return next();
  const parts = [];
  for await (const part of ctx.req) parts.push(part);
  ctx.req.body = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
  const heard = await change(ctx.req.body, ctx, target);
  if (heard === "answered") return;
  await next();
  await heard?.(ctx.body, ctx);
} });

// logoutToken changes the logout token on its way.
export const logoutToken = (change) => ({ configure(c) {
  const send = c.fetch;
  c.fetch = async (url, options) => {
    const body = new URLSearchParams({ logout_token: await resign(options.body.get("logout_token"), change) });
    return send(url, { ...options, body });
  };
} });

// both is two faults at once.
export const both = (a, b) => ({
  configure(c) { a.configure?.(c); b.configure?.(c); },
  provider(p) { a.provider?.(p); b.provider?.(p); },
  around: (ctx, next, target) => (a.around ?? pass)(ctx, () => (b.around ?? pass)(ctx, next, target), target),
});
const pass = (_, next) => next();

// asFirst lets every client pass for the first strict one, whatever it proves.
export const asFirst = (path, when = () => true) => form(path, async (posted, _, target) => {
  if (!when(posted)) return;
  const run = new Strict(target);
  Object.assign(posted, await run.authenticated(run.one, {}));
});

// anyProof puts a good proof of the first key in the place of what was sent.
export const anyProof = (path) => ({ async around(ctx, next, target) {
  if (ctx.path !== path) return next();
  const pair = target.pairs?.[0] ?? await new Strict(target).pair();
  const token = ctx.headers.authorization?.split(" ")[1];
  const ath = token && createHash("sha256").update(token).digest("base64url");
  if (token && path === "/me") ctx.req.headers.authorization = "DPoP " + token;
  ctx.req.headers.dpop = await proof(pair, ctx.method, target.issuer + path, { ath });
  return next();
} });

// denies answers 400 with the error where when says so of the posted form.
export const denies = (path, error, when) => form(path, (posted, ctx) => {
  if (!when(posted, ctx)) return;
  ctx.status = 400;
  ctx.body = { error };
  return "answered";
});

// answers does as it likes with every request to the path.
export const answers = (path, change) => ({ around: (ctx, next) => ctx.path === path ? change(ctx, next) : next() });
