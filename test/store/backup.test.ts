import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect } from "chai";

import { backupState, restoreState } from "../../src/store/backup.js";
import { lockFile } from "../../src/store/lock.js";
import { openState } from "../../src/store/state.js";

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "none";
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
};

describe("backup, restore and locks of state files", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-backup-"));
  after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);

  it("copies one moment while the role writes on, and puts it back whole", () => {
    const state = openState(at("live"));
    state.collection<bigint>("account").put("a", 5n);
    backupState(at("live"), at("copy"));
    state.collection<bigint>("account").put("a", 6n);
    expect(codeOf(() => backupState(at("live"), at("copy")))).to.equal("FILE_EXISTS");
    expect(codeOf(() => restoreState(at("copy"), at("live")))).to.equal("STATE_EXISTS");
    restoreState(at("copy"), at("home/restored"));
    const restored = openState(at("home/restored"));
    expect(restored.collection("account").entries()).to.deep.equal([{ key: "a", value: 5n }]);
    for (const each of [state, restored]) each.close();
  });

  it("makes files that nobody else can read, wherever they lie", () => {
    const state = openState(at("private"));
    state.collection("accusation").put("a", { salt: "0x1" });
    backupState(at("private"), at("private-copy"));
    restoreState(at("private-copy"), at("private-again"));
    const rights = ["private", "private-wal", "private-shm", "private-copy", "private-again"].map(
      (name) => statSync(at(name)).mode & 0o777,
    );
    state.close();
    expect(rights).to.deep.equal(rights.map(() => 0o600));
  });

  it("refuses what is no whole backup, and then leaves nothing behind", () => {
    expect(codeOf(() => backupState(at("nowhere"), at("none")))).to.equal("STATE_MISSING");
    expect(codeOf(() => restoreState(at("nowhere"), at("none")))).to.equal("BACKUP_UNREADABLE");
    writeFileSync(at("text"), "not a database, and longer than a header of one would have to be to pass");
    expect(codeOf(() => restoreState(at("text"), at("none")))).to.equal("BACKUP_UNREADABLE");
    const state = openState(at("large"));
    for (let i = 0; i < 200; i++) state.collection("filler").put(String(i), "x".repeat(500));
    state.close();
    backupState(at("large"), at("cut"));
    truncateSync(at("cut"), statSync(at("cut")).size / 2);
    expect(codeOf(() => restoreState(at("cut"), at("none")))).to.equal("BACKUP_UNREADABLE");
    expect(existsSync(at("none"))).to.equal(false);
  });

  it("takes over files from before versions, and refuses those of newer ones", () => {
    const old = new DatabaseSync(at("old"));
    old.exec(`CREATE TABLE record (collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key))
      WITHOUT ROWID; INSERT INTO record VALUES ('accusation', '0x1', '{"salt":"0x2"}')`);
    old.close();
    const state = openState(at("old"));
    expect(state.collection("accusation").get("0x1")).to.deep.equal({ salt: "0x2" });
    state.bind({ account: "0xa" });
    state.close();
    const newer = new DatabaseSync(at("old"));
    newer.exec("PRAGMA user_version = 99");
    newer.close();
    expect(codeOf(() => openState(at("old")))).to.equal("STATE_TOO_NEW");
  });

  it("ties a file to one account, chain and deployment", () => {
    const state = openState(at("bound"));
    state.bind({ role: "worker", account: "0xa", chain: "1 0xb" });
    state.bind({ role: "worker", account: "0xa", chain: "1 0xb" });
    expect(codeOf(() => state.bind({ role: "worker", account: "0xa", chain: "1 0xc" }))).to.equal("STATE_FOREIGN");
    state.close();
  });

  it("lets one process hold a lock; kill -9 lets go of it", async () => {
    const unlock = lockFile(at("lock"), "The key");
    expect(codeOf(() => lockFile(at("lock"), "The key"))).to.equal("IN_USE");
    unlock();
    const holder = spawn(process.execPath, [
      ...["--import", "tsx", "--input-type=module", "--eval"],
      `const { lockFile } = await import(${JSON.stringify(join(process.cwd(), "src/store/lock.ts"))});
       lockFile(${JSON.stringify(at("lock"))}, "The key"); console.log("held"); setInterval(() => {}, 1000);`,
    ]);
    await once(holder.stdout, "data");
    expect(codeOf(() => lockFile(at("lock"), "The key"))).to.equal("IN_USE");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    lockFile(at("lock"), "The key")();
    mkdirSync(at("folder"));
    expect(codeOf(() => lockFile(at("folder"), "The key"))).to.equal("STATE_UNREADABLE");
  });
});
