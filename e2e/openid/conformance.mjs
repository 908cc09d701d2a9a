// The OpenID Foundation's certification plans for a provider, re-created from
// their descriptions: Basic OP, Config OP, RP-Initiated and Back-Channel Logout.
// One line of JSON a module. See docs/conformance.md.
//
//   node conformance.mjs --issuer URL --inbox URL --people JSON   a running ЕСИ
//   node conformance.mjs --control                                npm's oidc-provider
//   node conformance.mjs --faults                                 oidc-provider broken on purpose, module by module
//   node conformance.mjs --list                                   the modules
//   all three may run at once;
//   --only NAME runs the modules whose name contains it; --wait SECONDS is for the module that waits 30
import { parseArgs } from "node:util";
import { all } from "./suite/run.mjs";
import { receive } from "./suite/receiver.mjs";
import * as control from "./suite/control.mjs";
import * as esi from "./suite/esi.mjs";
import { tryFaults } from "./suite/faults.mjs";
import { modules } from "./suite/modules.mjs";

const { values: o } = parseArgs({ options: {
  issuer: { type: "string" }, inbox: { type: "string" }, people: { type: "string" }, only: { type: "string" }, wait: { type: "string" },
  control: { type: "boolean" }, faults: { type: "boolean" }, list: { type: "boolean" },
} });
const tell = (line) => console.log(JSON.stringify(line));
const chosen = modules.filter((m) => !o.only || m.name.includes(o.only));
const wait = o.wait === undefined ? undefined : Number(o.wait);

if (o.list) {
  for (const { plan, name, what } of modules) tell({ plan, module: name, what });
} else {
  const receiver = await receive();
  const run = async (target) => {
    target.receiver = receiver;
    await all(chosen, target, tell);
    await target.stop();
    if (target.fell) throw new Error(`${target.name} fell over: ${target.fell}`);
  };
  await Promise.all([
    o.issuer && run(await esi.start({ ...o, wait })),
    o.control && run(await control.start({ wait })),
    o.faults && tryFaults(chosen, receiver, tell),
  ]);
  await receiver.stop();
}
