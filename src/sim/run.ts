import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
 * @param work tells whether everything is as it should be
 */
export async function runInPlace(name: string, work: (place: Place) => Promise<boolean>): Promise<boolean> {
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
    return ok;
  } finally {
    // Where the processes are being stopped under it, what it says about that helps nobody.
    await end.stopping;
    await children.stopAll();
    if (ok) remove();
    else process.stderr.write(`Logs of all processes: ${join(folder, "logs")}\n`);
  }
}
