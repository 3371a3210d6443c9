import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { messageOf, TouchstoneError } from "../errors.js";
import { createChildren, type Children } from "./driver/children.js";

/** Where a simulation lives: its processes and its folder. */
export interface Place {
  readonly children: Children;
  readonly home: string;
}

/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Runs a simulation in a folder of its own and cleans up after it, also on Ctrl-C. The folder is kept where something went
 * wrong, because the processes' logs are in it.
 * @returns the process's exit code
 */
export async function runInPlace(name: string, work: (place: Place) => Promise<boolean>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `touchstone-${name}-`));
  const children = createChildren(join(folder, "logs"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const end: { stopping?: Promise<void> } = {};
  const interrupt = (): void => {
    // At the second signal the processes are left to the reaper.
    if (end.stopping) process.exit(INTERRUPTED);
    end.stopping = children.stopAll().then(() => {
      remove();
      process.exit(INTERRUPTED);
    });
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  let ok = false;
  try {
    ok = await work({ children, home: join(folder, "home") });
  } catch (thrown) {
    // The processes are being stopped under it: what it says about that helps nobody.
    await end.stopping;
    const code = thrown instanceof TouchstoneError ? thrown.code : "UNEXPECTED";
    process.stderr.write(`error ${code}: ${messageOf(thrown)}\n`);
    if (thrown instanceof TouchstoneError && thrown.next) process.stderr.write(`  next: ${thrown.next}\n`);
    else if (thrown instanceof Error && thrown.stack) process.stderr.write(`${thrown.stack}\n`);
  }
  await children.stopAll();
  if (ok) remove();
  else process.stderr.write(`Logs of all processes: ${join(folder, "logs")}\n`);
  return ok ? 0 : 1;
}
