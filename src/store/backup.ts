import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { messageOf, TouchstoneError } from "../errors.js";
import { createPrivate, openState } from "./state.js";

function unreadable(path: string, why: string): TouchstoneError {
  return new TouchstoneError("BACKUP_UNREADABLE", `${path} is no whole state file: ${why}.`, {
    next: "Use another backup. What only the chain has comes back by itself: start the role without a state file.",
  });
}

/** @throws TouchstoneError `BACKUP_UNREADABLE` unless every page of the file is sound. */
function verify(path: string): void {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    const said = String(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"]);
    db.close();
    if (said !== "ok") throw unreadable(path, said);
  } catch (thrown) {
    if (thrown instanceof TouchstoneError) throw thrown;
    throw unreadable(path, messageOf(thrown));
  }
}

function copy(from: string, to: string): void {
  const partial = `${to}.partial`;
  rmSync(partial, { force: true });
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  try {
    createPrivate(partial);
    const db = new DatabaseSync(from, { readOnly: true });
    try {
      // One consistent moment, whatever a running role writes meanwhile.
      db.exec(`VACUUM INTO '${partial.replaceAll("'", "''")}'`);
    } finally {
      db.close();
    }
  } catch (cause) {
    rmSync(partial, { force: true });
    throw unreadable(from, messageOf(cause));
  }
  verify(partial);
  const file = openSync(partial, "r+");
  fsyncSync(file);
  closeSync(file);
  renameSync(partial, to);
}

/**
 * Copies a state file while its role may be running.
 * @throws TouchstoneError `STATE_MISSING`, `FILE_EXISTS`.
 */
export function backupState(state: string, file: string): void {
  if (!existsSync(state)) {
    throw new TouchstoneError("STATE_MISSING", `There is no state file at ${state}.`, {
      next: "Check TOUCHSTONE_HOME and the key, or name the file with --state.",
    });
  }
  if (existsSync(file)) {
    throw new TouchstoneError("FILE_EXISTS", `${file} exists.`, {
      next: "Name a new file: backups are not overwritten.",
    });
  }
  copy(state, file);
}

/**
 * Puts a backup where a role will look for its state. An existing state is never overwritten: it may know more than the backup.
 * @throws TouchstoneError `STATE_EXISTS`, `BACKUP_UNREADABLE`, `STATE_TOO_NEW`.
 */
export function restoreState(file: string, state: string): void {
  if (existsSync(state)) {
    throw new TouchstoneError("STATE_EXISTS", `There is a state file at ${state}.`, {
      next: "Move it away, with the -wal and -shm files beside it, if it is really lost. A newer state knows more than a backup.",
    });
  }
  if (!existsSync(file)) throw unreadable(file, "there is no such file");
  verify(file);
  copy(file, state);
  openState(state).close();
}
