// The client's own server: it takes logout tokens.
import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export async function receive(port = 9400) {
  const letters = [];
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (p) => parts.push(p));
    request.on("end", () => {
      if (request.method === "POST" && request.url === "/backchannel") {
        letters.push({ type: request.headers["content-type"] ?? "", form: new URLSearchParams(Buffer.concat(parts).toString()) });
      }
      response.writeHead(request.method === "POST" ? 200 : 404, { "cache-control": "no-store" }).end();
    });
  });
  await new Promise((done, failed) => server.once("error", failed).listen(port, "127.0.0.1", done));
  return {
    // told waits for the letter whose logout token is wanted.
    async told(wanted, patience = 10000) {
      for (const until = Date.now() + patience; ; await pause(50)) {
        const letter = letters.find((l) => { try { return wanted(l.form.get("logout_token")); } catch { return false; } });
        if (letter) return letter;
        if (Date.now() > until) throw new Error("no logout token came");
      }
    },
    stop: () => { server.closeAllConnections(); return new Promise((done) => server.close(done)); },
  };
}
