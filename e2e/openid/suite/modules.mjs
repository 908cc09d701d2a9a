// All the modules, in the order of their plans.
import basic from "./basic.mjs";
import request from "./request.mjs";
import config from "./config.mjs";
import fapi from "./fapi.mjs";
import beside from "./fapi_beside.mjs";
import proof from "./fapi_proof.mjs";
import more from "./more.mjs";
import logout from "./logout.mjs";

// The 38 of oidcc-basic-certification-test-plan.
const basicOrder = `oidcc-server oidcc-response-type-missing oidcc-idtoken-signature oidcc-idtoken-unsigned oidcc-userinfo-get
  oidcc-userinfo-post-header oidcc-userinfo-post-body oidcc-ensure-request-without-nonce-succeeds-for-code-flow oidcc-scope-profile
  oidcc-scope-email oidcc-scope-address oidcc-scope-phone oidcc-scope-all oidcc-alternate-happy-flow oidcc-display-page oidcc-display-popup
  oidcc-prompt-login oidcc-prompt-none-not-logged-in oidcc-prompt-none-logged-in oidcc-max-age-1 oidcc-max-age-10000
  oidcc-ensure-request-with-unknown-parameter-succeeds oidcc-id-token-hint oidcc-login-hint oidcc-ui-locales oidcc-claims-locales
  oidcc-ensure-request-with-acr-values-succeeds oidcc-codereuse oidcc-codereuse-30seconds oidcc-ensure-registered-redirect-uri
  oidcc-ensure-post-request-succeeds oidcc-server-client-secret-post
  oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
  oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported oidcc-claims-essential
  oidcc-ensure-request-object-with-redirect-uri oidcc-refresh-token oidcc-ensure-request-with-valid-pkce-succeeds`.split(/\s+/);

const written = new Map([...basic, ...request].map((m) => [m.name, m]));
if (written.size !== basicOrder.length) throw new Error("the modules of the Basic plan are not those written");

export const modules = [
  ...basicOrder.map((name) => written.get(name) ?? (() => { throw new Error("no module " + name); })()),
  ...config, ...logout, ...fapi, ...beside, ...proof, ...more,
];
