/**
 * Loaded into a real role before its own code (`node --import`): once told by SIGUSR2, it counts persistence steps and ends the process
 * by kill -9 at the KILL_AT-th. Steps are both sides of every write to SQLite that stands alone, of every commit, and of
 * every transaction sent to the node.
 */
import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import process from "node:process";
import { DatabaseSync, StatementSync } from "node:sqlite";

const at = Number(process.env.KILL_AT);
let armed = false;
let steps = 0;
let inUnit = false;

process.on("SIGUSR2", () => {
  armed = true;
  say({ event: "armed" });
});

/** Past every buffer: nothing that the process still holds may get out after its death. */
const say = (line) => writeSync(1, `${JSON.stringify({ level: 30, ...line })}\n`);

function step(what) {
  if (!armed || ++steps !== at) return;
  say({ event: "killed", step: steps, what });
  process.kill(process.pid, "SIGKILL");
}

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql) {
  if (sql === "COMMIT") step("before a commit");
  const result = exec.call(this, sql);
  if (sql === "COMMIT") step("after a commit");
  if (sql === "BEGIN IMMEDIATE") inUnit = true;
  if (sql === "COMMIT" || sql === "ROLLBACK") inUnit = false;
  return result;
};

const { run } = StatementSync.prototype;
StatementSync.prototype.run = function (...parameters) {
  const what = parameters.slice(0, 1).join();
  if (!inUnit) step(`before a write of ${what}`);
  const result = run.apply(this, parameters);
  if (!inUnit) step(`after a write of ${what}`);
  return result;
};

const { fetch } = globalThis;
globalThis.fetch = async (address, options) => {
  const sends = options?.method === "POST" && Buffer.from(options.body).includes("eth_sendRawTransaction");
  if (sends) step("before a transaction leaves");
  const response = await fetch(address, options);
  if (sends) step("after a transaction is taken");
  return response;
};
