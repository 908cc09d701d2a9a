// A running ЕСИ with the demo's people, as a target.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { ask, forms, hasField, words } from "./net.mjs";
import { connect } from "./target.mjs";
import { keys, origin } from "./control.mjs";

// start takes the issuer, the demo's inbox (URL of inbox.json) and the people
// who sign in, [{"pin": …, "password": …}] as JSON. The limits on one-time codes
// are a person's: sign-ins go round among the people.
export async function start({ issuer, inbox, people, wait }) {
  const free = JSON.parse(people).map((p) => ({ ...p, signIns: 0, turn: Promise.resolve() }));
  const codes = async (pin) => JSON.parse((await ask(inbox)).text).filter((l) => l.pin === pin && l.code).map((l) => l.code);

  // code waits for the code that comes after those seen.
  async function code(pin, seen) {
    for (let i = 0; i < 300; i++) {
      const now = await codes(pin);
      if (now.length > seen) return now[0];
      await pause(30);
    }
    throw new Error("no one-time code came");
  }

  // One person signs in in one browser at a time: a code does not say for which.
  function signIn(browser, page) {
    const who = browser.person ??= free.toSorted((a, b) => a.signIns - b.signIns)[0];
    who.signIns++;
    const mine = who.turn.then(async () => {
      const seen = (await codes(who.pin)).length;
      page = await browser.submit(page, "password", { pin: who.pin, password: who.password });
      assert.ok(hasField(page, "code"), `the page of the code, not ${page.status}: ${words(page).slice(0, 300)}`);
      return browser.submit(page, "code", { code: await code(who.pin, seen) });
    });
    who.turn = mine.catch(() => {});
    return mine;
  }

  async function walk(browser, page, met) {
    for (let step = 0; step < 4 && !page.away; step++) {
      if (hasField(page, "password")) {
        met.push("sign-in");
        page = await signIn(browser, page);
      } else if (hasField(page, "decision")) {
        met.push("consent");
        const ticks = Object.fromEntries([...page.text.matchAll(/<input\b[^>]*type="checkbox"[^>]*>/g)].map((m) => [m[0].match(/name="([^"]*)"/)[1], m[0].match(/value="([^"]*)"/)?.[1] ?? "on"]));
        page = await browser.submit(page, "decision", { ...ticks, decision: "allow" });
      } else return page;
    }
    return page;
  }

  // refuse says no where ЕСИ asks for consent.
  const refuse = (browser, page) => browser.submit(page, "decision", { decision: "deny" });

  // device does the person's part for a device: agrees that it is theirs, or not.
  const asksDevice = (page) => /action="\/device\/answer"/.test(page.text);
  async function device(browser, url, agrees) {
    const page = await browser.open(url);
    assert.ok(asksDevice(page), `the question about the device, not ${page.status}: ${words(page).slice(0, 300)}`);
    const answered = await browser.submit(page, "decision", { decision: agrees ? "mine" : "deny" });
    return { page: agrees ? await walk(browser, answered, []) : answered };
  }

  // signOut answers yes where ЕСИ asks whether to sign out.
  async function signOut(browser, page) {
    if (page.away || !/action="\/sign-out"/.test(forms(page).join()) || !new URL(page.url).pathname.endsWith("/sign-out")) return { page, asked: false };
    return { page: await browser.submit(page, "logout", {}), asked: true };
  }

  const target = await connect({ name: "esi", issuer, wait, postLogout: origin + "/", frontchannel: origin + "/frontchannel",
    clients: [{ id: "conformance", secret: "conformance-secret-demo", redirect: origin + "/callback" },
      { id: "conformance2", secret: "conformance2-secret-demo", redirect: origin + "/callback" }],
    strict: Object.entries(keys).map(([id, own]) => ({ id, keys: own, redirect: origin + "/callback" })),
    loginHint: "somebody", dear: true, walk, refuse, device, asksDevice, signOut, isSignIn: (page) => page.status === 200 && hasField(page, "password") });
  target.stop = () => {};
  return target;
}
