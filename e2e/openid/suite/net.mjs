// How the suite reaches a provider: plain HTTP to this machine, and a person's
// browser without JavaScript, with a cookie jar of its own.
import assert from "node:assert/strict";
import http from "node:http";

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

// ask sends one request. Node does not resolve *.localhost everywhere: 127.0.0.1
// is asked, with the name in the Host header.
export function ask(url, { method = "GET", headers = {}, body } = {}) {
  const at = new URL(url);
  if (body !== undefined) headers = { "content-length": Buffer.byteLength(body), ...headers };
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port: at.port, path: at.pathname + at.search, method, agent,
      headers: { ...headers, host: at.host } }, (response) => {
      const parts = [];
      response.on("data", (p) => parts.push(p));
      response.on("end", () => resolve({ url, status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
    });
    request.setTimeout(20000, () => request.destroy(new Error("too slow: " + at.pathname)));
    request.on("error", reject);
    request.end(body);
  });
}

// post sends a form, as a client's server does.
export const post = (url, form, headers = {}) => ask(url, { method: "POST", body: new URLSearchParams(form).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers } });

// fetchLocal is ask in the shape of fetch, for openid-client.
export async function fetchLocal(url, options = {}) {
  const headers = Object.fromEntries(new Headers(options.headers));
  const r = await ask(url, { method: options.method, headers, body: options.body == null ? undefined : options.body.toString() });
  const answered = new Headers();
  for (const [name, value] of Object.entries(r.headers)) for (const v of [value].flat()) answered.append(name, v);
  return new Response([204, 304].includes(r.status) ? null : r.text, { status: r.status, headers: answered });
}

// words are what a person reads on a page.
export const words = (page) => (page.text ?? "").replace(/<(script|style)\b[\s\S]*?<\/\1>/g, " ").replace(/<[^>]+>/g, " ")
  .replaceAll("&#39;", "'").replaceAll("&amp;", "&").replace(/\s+/g, " ").trim();

export const forms = (page) => [...(page.text ?? "").matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map((m) => m[0]);
const attribute = (tag, name) => tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1].replaceAll("&amp;", "&").replaceAll("&#34;", '"').replaceAll("&quot;", '"');
export const hasField = (page, name) => forms(page).some((f) => f.includes(`name="${name}"`));

// Browser opens pages of one host and stops where it is led away from it.
export class Browser {
  constructor(host, jar = new Map()) {
    this.host = host;
    this.jar = jar;
  }

  // twin is another browser window with the same cookies; from now on each has its own.
  twin() { return Object.assign(new Browser(this.host, new Map(this.jar)), { person: this.person }); }

  cookies(path, crossSitePost) {
    return [...this.jar.values()].filter((c) => (path + "/").startsWith(c.path.replace(/\/?$/, "/")) && !(crossSitePost && c.sameSite !== "none"))
      .map((c) => `${c.name}=${c.value}`).join("; ");
  }

  keep(line, path) {
    const [pair, ...rest] = line.split(";").map((s) => s.trim());
    const cut = pair.indexOf("=");
    const cookie = { name: pair.slice(0, cut), value: pair.slice(cut + 1), path: "/", sameSite: "lax" };
    let gone = cookie.value === "";
    for (const part of rest) {
      const [name, value = ""] = part.split("=");
      if (/^path$/i.test(name)) cookie.path = value;
      if (/^samesite$/i.test(name)) cookie.sameSite = value.toLowerCase();
      if (/^max-age$/i.test(name) && Number(value) <= 0) gone = true;
      if (/^expires$/i.test(name) && new Date(value) <= new Date()) gone = true;
    }
    const key = cookie.name + " " + cookie.path;
    gone ? this.jar.delete(key) : this.jar.set(key, cookie);
  }

  // open follows redirects. The page it gives is the last one of the host; away
  // says that the browser was sent elsewhere, and url where.
  async open(url, { method = "GET", body, headers = {}, crossSite = false } = {}) {
    for (let hop = 0; hop < 20; hop++) {
      const at = new URL(url);
      if (at.host !== this.host) return { url, away: true, text: "" };
      const cookie = this.cookies(at.pathname, crossSite && method === "POST");
      const r = await ask(url, { method, body, headers: { ...headers, accept: "text/html,*/*;q=0.8", "accept-language": this.language ?? "en", ...(cookie ? { cookie } : {}) } });
      for (const line of r.headers["set-cookie"] ?? []) this.keep(line, at.pathname);
      if (r.status >= 300 && r.status < 400) {
        url = new URL(r.headers.location, url).href;
        method = "GET"; body = undefined; headers = {};
        continue;
      }
      return r;
    }
    throw new Error("redirects without end at " + url);
  }

  // submit sends the first form of the page that has the field.
  async submit(page, field, values) {
    const form = forms(page).find((f) => f.includes(`name="${field}"`));
    assert.ok(form, `no form with ${field} at ${new URL(page.url).pathname} (${page.status}): ${words(page).slice(0, 300)}`);
    const target = new URL(attribute(form, "action") ?? page.url, page.url);
    const body = new URLSearchParams();
    for (const input of form.matchAll(/<input\b[^>]*>/g)) {
      if (attribute(input[0], "type") === "hidden") body.set(attribute(input[0], "name"), attribute(input[0], "value") ?? "");
    }
    for (const [k, v] of Object.entries(values)) body.set(k, v);
    return this.open(target.href, { method: "POST", body: body.toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", origin: target.origin } });
  }
}
