// A provider under test: its address, two clients registered with it, and how a
// person goes through its pages.
import * as client from "openid-client";
import * as jose from "jose";
import { Browser, fetchLocal } from "./net.mjs";

// connect discovers the provider, with each client and way of authentication.
export async function connect(target) {
  const options = { [client.customFetch]: fetchLocal, execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
  const discover = (who, way) => client.discovery(new URL(target.issuer), who.id, who.secret ?? {}, way(who.secret), options);
  for (const who of target.clients) {
    who.config = await discover(who, client.ClientSecretBasic);
    who.postConfig = await discover(who, client.ClientSecretPost);
  }
  for (const who of target.strict) {
    const key = await jose.importJWK(who.keys[0], "ES256");
    who.config = await discover(who, () => client.PrivateKeyJwt({ key, kid: who.keys[0].kid }));
  }
  [target.first, target.second] = target.clients;
  target.config = target.first.config;
  target.browser = () => new Browser(new URL(target.issuer).host);
  target.wait ??= 30; // seconds, of the module that waits
  target.patience ??= 10000; // ms, for a logout token
  // session gives a browser in which somebody has signed in. Where signing in is
  // dear, modules that end no session take twins of one.
  let shared;
  const enter = async (run) => {
    const browser = target.browser();
    await run.authorize(browser, { scope: "openid" });
    return browser;
  };
  target.session = async (run) => target.dear ? (await (shared ??= enter(run))).twin() : enter(run);
  return target;
}
