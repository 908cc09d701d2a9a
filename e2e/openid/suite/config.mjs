// oidcc-config-certification-test-plan.
import assert from "node:assert/strict";
import { ask } from "./net.mjs";

// provider fetches the description anew: openid-client keeps its own copy.
export async function described(t) {
  const answer = await ask(t.issuer + "/.well-known/openid-configuration");
  assert.equal(answer.status, 200, "status of the description");
  assert.match(answer.headers["content-type"] ?? "", /^application\/json\b/, "content type of the description");
  return JSON.parse(answer.text);
}

// endpoint is an https address, or one of this machine, where there is no TLS.
export function endpoint(d, name) {
  assert.equal(typeof d[name], "string", name);
  const url = new URL(d[name]);
  assert.ok(url.protocol === "https:" || (url.protocol === "http:" && /^(127\.0\.0\.1|(.+\.)?localhost)$/.test(url.hostname)), `${name} by https`);
  assert.equal(url.hash, "", `${name} without a fragment`);
}

export default [
  { plan: "config", name: "oidcc-discovery-endpoint-verification", what: "the description: issuer, endpoints, keys, what OpenID Connect Discovery 1.0, 3 requires and recommends", async run(t) {
    const d = await described(t);
    assert.equal(d.issuer, t.issuer, "issuer");
    assert.equal(new URL(d.issuer).search + new URL(d.issuer).hash, "", "issuer without query and fragment");
    for (const name of Object.keys(d).filter((n) => n.endsWith("_endpoint") || n === "jwks_uri")) endpoint(d, name);
    for (const name of ["authorization_endpoint", "token_endpoint", "jwks_uri"]) endpoint(d, name);
    t.warn("userinfo_endpoint" in d, "no userinfo_endpoint");
    const list = (name) => {
      assert.ok(Array.isArray(d[name]) && d[name].length > 0 && d[name].every((v) => typeof v === "string"), name);
      assert.equal(new Set(d[name]).size, d[name].length, `${name} names nothing twice`);
      return d[name];
    };
    assert.ok(list("response_types_supported").includes("code"));
    assert.ok(list("subject_types_supported").every((v) => ["public", "pairwise"].includes(v)));
    assert.ok(list("id_token_signing_alg_values_supported").includes("RS256"));
    for (const name of Object.keys(d).filter((n) => n.endsWith("_supported") && Array.isArray(d[n]))) list(name);
    for (const name of ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration"]) {
      if (name in d) assert.equal(typeof d[name], "boolean", name);
    }
    if ("grant_types_supported" in d) assert.ok(d.grant_types_supported.includes("authorization_code"));
    for (const s of list("scopes_supported")) assert.match(s, /^[\x21\x23-\x5b\x5d-\x7e]+$/, "scope");
    assert.ok(d.scopes_supported.includes("openid"));
    t.warn(Array.isArray(d.claims_supported) && d.claims_supported.includes("sub"), "no claims_supported");
    if (d.request_object_signing_alg_values_supported) t.warn(d.request_object_signing_alg_values_supported.includes("RS256"), "no request objects with RS256");
    for (const lang of [...(d.ui_locales_supported ?? []), ...(d.claims_locales_supported ?? [])]) assert.equal(Intl.getCanonicalLocales(lang)[0], lang, "a language's tag");
    if ("code_challenge_methods_supported" in d) assert.ok(list("code_challenge_methods_supported").includes("S256"));

    const answer = await ask(d.jwks_uri);
    assert.equal(answer.status, 200, "jwks_uri");
    const { keys } = JSON.parse(answer.text);
    assert.ok(keys.some((k) => k.kty === "RSA" && (k.use ?? "sig") === "sig"), "a key for RS256");
    assert.equal(new Set(keys.map((k) => k.kid)).size, keys.length, "every key has a kid of its own");
    for (const k of keys) {
      assert.ok(typeof k.kid === "string" && typeof k.kty === "string", "kid and kty");
      for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k", "oth"]) assert.ok(!(secret in k), `${secret} of a private key`);
      if (k.kty === "RSA") assert.ok(Buffer.from(k.n, "base64url").length >= 256 && k.e, "an RSA key of 2048 bits");
      if (k.kty === "EC") assert.ok(k.crv && k.x && k.y, "an EC key");
    }
  } },
];
