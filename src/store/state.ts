import { closeSync, fdatasync, fdatasyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";

import { TouchstoneError, messageOf } from "../errors.js";

/** A named set of JSON records by key. Writes are on disk when the call returns. */
export interface Collection<T> {
  get(key: string): T | undefined;
  put(key: string, value: T): void;
  delete(key: string): void;
  /** All records in order of their keys. */
  entries(): { key: string; value: T }[];
  /** The next `count` of them after a key. */
  after(key: string, count: number): { key: string; value: T }[];
}

/** Byte strings as they are, by a number that each gets: for tensors, which would be twice as long and slow in JSON. */
export interface ByteStore {
  add(bytes: Uint8Array): number;
  get(id: number): Uint8Array | undefined;
  delete(id: number): void;
}

/** A role's memory: one SQLite file, safe against kill -9 at any moment. */
export interface State {
  collection<T>(name: string): Collection<T>;
  readonly bytes: ByteStore;
  /** Runs `work` so that all its writes happen or none; inside other such work it is a part of it. */
  atomically<R>(work: () => R): R;
  /**
   * As `atomically`, for units of work that come by the hundred: they are on disk when the promise resolves. Those that wait at a
   * time share one transaction and one wait for the disk, which holds up nothing else. `work` may be run twice, where a unit beside
   * it fails, and only the second run counts.
   * @throws TouchstoneError `STATE_UNSYNCED` where the disk failed: what was written may be lost.
   */
  durably<R>(work: () => R): Promise<R>;
  /**
   * Ties the file to what it is about (role, account, chain, deployment), or checks that it is.
   * @throws TouchstoneError `STATE_FOREIGN` naming the first difference.
   */
  bind(identity: Identity): void;
  close(): void;
}

/** What a state file is about, in words and ids. */
export type Identity = Readonly<Record<string, string>>;

/** Version of the tables and of what lies in them: 1 had no `bytes`, and tensors of receipts in hexadecimal (see `receiptsOf`). */
const VERSION = 2;

/** Pages of the log before SQLite moves them, and waits for the disk meanwhile: 16 MiB, which is a few answers with large tensors. */
const LOG_PAGES = 4_096;

export type RoleName = "worker" | "watcher" | "auditor" | "client";

/** The state file of a role that acts with one key. */
export const roleState = (home: string, role: RoleName, account: string): string =>
  join(home, "state", `${role}-${account}.sqlite`);

/** Makes an empty file for this user alone, where there is none: salts and other people's inputs will lie in it. SQLite's files beside it get its rights. */
export function createPrivate(path: string): void {
  closeSync(openSync(path, "a", 0o600));
}

const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? { $bigint: v.toString() } : v));

const fromJson = (text: string): unknown =>
  JSON.parse(text, (_key, v: unknown) =>
    typeof v === "object" && v !== null && "$bigint" in v && typeof v.$bigint === "string" ? BigInt(v.$bigint) : v,
  );

const sync = promisify(fdatasync);

const unsynced = (path: string, cause: unknown): TouchstoneError =>
  new TouchstoneError("STATE_UNSYNCED", `The disk failed to keep ${path}: ${messageOf(cause)}`, {
    next: "Stop the role, look at the disk, and restore a backup.",
    cause,
  });

interface Unit {
  /** Writes, and returns what to do once that is on disk. */
  readonly write: () => () => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Writes units of work that wait in one transaction, and waits for the disk once for all of them; whatever comes meanwhile is the next
 * group.
 */
function createGroups(path: string, file: number, commit: (writes: () => void) => void): { add(unit: Unit): void } {
  let waiting: Unit[] = [];
  let isRunning = false;

  /** What to do once all is on disk. Where one fails, the others are written each alone. */
  function write(units: readonly Unit[]): (() => void)[] {
    let done: (() => void)[] = [];
    try {
      commit(() => (done = units.map((unit) => unit.write())));
      return done;
    } catch (reason) {
      if (units.length > 1) return units.flatMap((unit) => write([unit]));
      units[0]?.fail(reason);
      return [];
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const units = waiting;
      waiting = [];
      const done = write(units);
      try {
        await sync(file);
        for (const each of done) each();
      } catch (cause) {
        const lost = unsynced(path, cause);
        for (const { fail } of units) fail(lost);
      }
    }
    isRunning = false;
  }

  return {
    add: (unit) => {
      waiting.push(unit);
      if (isRunning) return;
      isRunning = true;
      void run();
    },
  };
}

/** Older files get the tables that they lack. Those from before versions have no identity: the next `bind` gives them one. */
function migrate(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > VERSION) {
    throw new TouchstoneError("STATE_TOO_NEW", `${path} was written by a newer version of the suite (${version}).`, {
      next: "Run that version, or restore a backup of this one's.",
    });
  }
  db.exec(`CREATE TABLE IF NOT EXISTS record (
      collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS bytes (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
    PRAGMA user_version = ${VERSION}`);
}

/**
 * Opens (or creates) a state file. Records may hold bigints.
 * @throws TouchstoneError `STATE_UNREADABLE` when the file is not such a database, `STATE_TOO_NEW`.
 */
export function openState(path: string): State {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let db: DatabaseSync;
  try {
    createPrivate(path);
    db = new DatabaseSync(path);
    // Commits lie in the log until SQLite moves them. Waiting for the disk is done here, alone or for many at a time.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
      PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
    migrate(db, path);
  } catch (cause) {
    if (cause instanceof TouchstoneError) throw cause;
    throw new TouchstoneError("STATE_UNREADABLE", `Cannot open the state file ${path}: ${messageOf(cause)}`, {
      next: "Restore it from a backup, or choose another folder with TOUCHSTONE_HOME.",
      cause,
    });
  }
  // It exists since the tables do.
  const log = openSync(`${path}-wal`, "r+");
  /** Waits for the disk, unless this write is a part of a unit of work: then the unit waits for it. */
  const settle = (): void => {
    if (db.isTransaction) return;
    try {
      fdatasyncSync(log);
    } catch (cause) {
      throw unsynced(path, cause);
    }
  };
  const select = db.prepare("SELECT value FROM record WHERE collection = ? AND key = ?");
  const selectAll = db.prepare("SELECT key, value FROM record WHERE collection = ? ORDER BY key");
  const selectAfter = db.prepare("SELECT key, value FROM record WHERE collection = ? AND key > ? ORDER BY key LIMIT ?");
  const upsert = db.prepare("INSERT OR REPLACE INTO record (collection, key, value) VALUES (?, ?, ?)");
  const remove = db.prepare("DELETE FROM record WHERE collection = ? AND key = ?");
  const recordOf = (row: Record<string, unknown>): { key: string; value: unknown } => ({
    key: String(row["key"]),
    value: fromJson(String(row["value"])),
  });
  const collection = <T>(name: string): Collection<T> => ({
    get: (key) => {
      const row = select.get(name, key);
      return row === undefined ? undefined : (fromJson(String(row["value"])) as T);
    },
    put: (key, value) => {
      upsert.run(name, key, toJson(value));
      settle();
    },
    delete: (key) => {
      remove.run(name, key);
      settle();
    },
    entries: () => selectAll.all(name).map(recordOf) as { key: string; value: T }[],
    after: (key, count) => selectAfter.all(name, key, count).map(recordOf) as { key: string; value: T }[],
  });
  const insertBytes = db.prepare("INSERT INTO bytes (data) VALUES (?)");
  const selectBytes = db.prepare("SELECT data FROM bytes WHERE id = ?");
  const removeBytes = db.prepare("DELETE FROM bytes WHERE id = ?");
  const bytes: ByteStore = {
    add: (data) => {
      const { lastInsertRowid } = insertBytes.run(data);
      settle();
      return Number(lastInsertRowid);
    },
    get: (id) => selectBytes.get(id)?.["data"] as Uint8Array | undefined,
    delete: (id) => {
      removeBytes.run(id);
      settle();
    },
  };
  function inOne<R>(work: () => R): R {
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      // Where the disk is full SQLite has done it already.
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
  const groups = createGroups(path, log, inOne);
  return {
    collection,
    bytes,
    bind: (identity) => {
      const kept = collection<string>("identity");
      for (const [key, value] of Object.entries(identity)) {
        const known = kept.get(key);
        if (known === undefined) kept.put(key, value);
        else if (known !== value) {
          throw new TouchstoneError("STATE_FOREIGN", `The state file ${path} is of ${key} ${known}, not ${value}.`, {
            next: "Check the key, TOUCHSTONE_RPC_URL and TOUCHSTONE_DEPLOYMENT, or move the file away to start afresh.",
          });
        }
      }
    },
    atomically: (work) => {
      if (db.isTransaction) return work();
      const result = inOne(work);
      settle();
      return result;
    },
    durably: (work) =>
      new Promise((resolve, reject) => {
        groups.add({
          write: () => {
            const result = work();
            return () => resolve(result);
          },
          fail: reject,
        });
      }),
    close: () => {
      closeSync(log);
      db.close();
    },
  };
}
