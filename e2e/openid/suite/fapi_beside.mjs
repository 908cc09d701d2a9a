// fapi2-security-profile-final-test-plan: what stands beside a pushed request, and
// claims asked for by name. The Foundation calls what was pushed the request object.
import assert from "node:assert/strict";
import { module } from "./fapi.mjs";

// opened pushes the request and opens it with more beside its request_uri.
async function opened(t, request, more) {
  const answer = await t.push(request);
  if (answer.status !== 201) return { answer };
  const browser = await t.signedIn();
  return { page: await t.target.walk(browser, await browser.open(t.url(request, answer.json.request_uri, more)), []) };
}

// beside says that the request is refused, or goes well and gives what was pushed.
const beside = (inner, more, codes) => async (t) => {
  const request = await t.request(inner, t.one);
  const { answer, page } = await opened(t, request, more);
  assert.ok(page, `pushed: ${answer?.status}`);
  if (!page.away) return t.errorPage(page);
  const callback = t.callback(page.url, request), q = callback.searchParams;
  assert.equal(q.get("state"), request.parameters.state ?? null, "state as pushed");
  if (q.has("error")) return assert.ok(codes.includes(q.get("error")) && !q.has("code"), `error ${q.get("error")}, want one of ${codes}`);
  await t.tokens({ ...request, callback }, await t.pair()); // looks at the nonce
};

const standard = ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "email",
  "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "phone_number_verified", "address", "updated_at"];

export default [
  module("ensure-different-nonce-inside-and-outside-request-object", "another nonce beside the request_uri: refused, or passed over", beside({}, { nonce: "of-the-address" }, ["invalid_request"])),
  module("ensure-different-state-inside-and-outside-request-object", "another state beside the request_uri: refused, or passed over", beside({}, { state: "of-the-address" }, ["invalid_request"])),
  module("state-only-outside-request-object-not-used", "a state beside the request_uri alone: none comes back", beside({ state: undefined }, { state: "of-the-address" }, ["invalid_request", "invalid_request_object", "access_denied"])),
  module("ensure-request-object-without-redirect-uri-fails", "a redirect_uri beside the request_uri alone is none", async (t) => {
    const request = await t.request({ redirect_uri: undefined }, t.one);
    const { answer, page } = await opened(t, request, { redirect_uri: t.one.redirect });
    if (answer) return t.declined(answer, ["invalid_request", "invalid_request_object"]);
    t.stopped(page, request, ["invalid_request", "invalid_request_object"]);
  }),
  module("test-claims-parameter-identity-claims", "claims asked for by name, in each form, are given; unknown ones are passed over", async (t) => {
    if (t.metadata.claims_parameter_supported !== true) t.skip("claims_parameter_supported is not true");
    const asked = standard.filter((c) => t.metadata.claims_supported.includes(c));
    if (asked.length === 0) t.skip("claims_supported holds no standard claim");
    const forms = [null, { essential: false }, { essential: true }];
    const all = Object.fromEntries(asked.map((c, i) => [c, forms[i % forms.length]]));
    const strange = { "urn:nobody:knows": null, nobody_knows: { essential: true, values: ["a", "b"] } };
    const pair = await t.pair();
    const tokens = await t.tokens(await t.flow({ claims: JSON.stringify({ id_token: { ...all, ...strange }, userinfo: { ...strange, ...all } }) }), pair);
    const given = { ...tokens.id, ...await t.works(tokens, pair) };
    for (const c of asked) t.warn(c in given, `neither the ID token nor userinfo has ${c}`);
    for (const c of Object.keys(strange)) t.warn(!(c in given), `${c} is given`);
  }),
];
