/**
 * `npm run bench -- [sections] [--json] [--write]`: measures and prints tables; --write puts them into docs/benchmarks.md as well.
 */
import { resolve } from "node:path";

import { Argument, Command } from "commander";

import { updateDocument } from "./bench/document.js";
import { describeMachine } from "./bench/machine.js";
import { renderText } from "./bench/render.js";
import type { Report, Section } from "./bench/section.js";

/** One file a section, loaded only when asked for. */
const SECTIONS: Readonly<Record<string, () => Promise<{ readonly section: Section }>>> = {
  hash: () => import("./bench/sections/hash.js"),
  trace: () => import("./bench/sections/trace.js"),
  answer: () => import("./bench/sections/answer.js"),
  serve: () => import("./bench/sections/serve.js"),
  load: () => import("./bench/sections/load.js"),
  fleet: () => import("./bench/sections/fleet.js"),
  gas: () => import("./bench/sections/gas.js"),
  conformance: () => import("./bench/sections/conformance.js"),
  calls: () => import("./bench/sections/calls.js"),
};

const names = Object.keys(SECTIONS);
const command = new Command("bench")
  .addArgument(new Argument("[sections...]", "what to measure").choices(names).default(names, "all"))
  .option("--json", "one JSON document with every figure")
  .option("--write", "rewrite the measured sections of docs/benchmarks.md")
  .option("--conformance <folder>", "third-party models and tests", resolve("../shared/conformance"))
  .parse();
const [chosen] = command.processedArgs as [string[]];
const { json, write, conformance } = command.opts<{ json?: boolean; write?: boolean; conformance: string }>();

const machine = describeMachine();
const reports: Report[] = [];
for (const name of new Set(chosen)) {
  const { section } = await SECTIONS[name]!();
  process.stderr.write(`bench: ${name}\n`);
  const tables = await section.run({ conformance, say: (line) => process.stderr.write(`bench: ${line}\n`) });
  const report: Report = {
    name,
    command: `npm run bench -- ${name}`,
    date: new Date().toISOString().slice(0, 10),
    tables,
  };
  reports.push(report);
  if (json !== true) console.log(renderText(report));
  if (write === true) await updateDocument("docs/benchmarks.md", report, machine);
}
if (json === true) console.log(JSON.stringify({ machine, reports }, null, 2));
