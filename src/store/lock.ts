import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { messageOf, TouchstoneError } from "../errors.js";

/**
 * Holds a file for this process alone. The lock is the kernel's, by way of SQLite: it ends with the process, however that ends, so
 * there is nothing to clean up after a kill -9.
 *
 * @param what said in the error
 * @returns lets go
 * @throws TouchstoneError `IN_USE` where another process holds it, `STATE_UNREADABLE` where the folder can't be used.
 */
export function lockFile(path: string, what: string): () => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw new TouchstoneError("STATE_UNREADABLE", `Cannot open the lock ${path}: ${messageOf(cause)}`, {
      next: "Check who may write to this folder, or choose another one with TOUCHSTONE_HOME.",
      cause,
    });
  }
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    throw new TouchstoneError("IN_USE", `${what} is in use by another process (${path}).`, {
      next: "Stop the other process, or give this one a key and a state file of its own.",
      cause,
    });
  }
  return () => db.close();
}
