// A provider under test: its address, two clients registered with it, and how a
// person goes through its pages.
import * as client from "openid-client";
import { Browser, fetchLocal } from "./net.mjs";

// connect discovers the provider, with each client and way of authentication.
export async function connect(target) {
  const options = { [client.customFetch]: fetchLocal, execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
  const discover = (who, way) => client.discovery(new URL(target.issuer), who.id, who.secret, way(who.secret), options);
  for (const who of target.clients) {
    who.config = await discover(who, client.ClientSecretBasic);
    who.postConfig = await discover(who, client.ClientSecretPost);
  }
  [target.first, target.second] = target.clients;
  target.config = target.first.config;
  target.browser = () => new Browser(new URL(target.issuer).host);
  target.wait ??= 30; // seconds, of the module that waits
  target.patience ??= 10000; // ms, for a logout token
  // session is the one signed-in browser of which modules that end no session take twins.
  let session;
  target.session = (run) => session ??= (async () => {
    const browser = target.browser();
    await run.authorize(browser, { scope: "openid" });
    return browser;
  })();
  return target;
}
