import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect } from "chai";

import { fromHex, toHex } from "../../src/audit/bytes.js";
import { createMemory } from "../../src/client/memory.js";
import { receiptsOf, type ReceiptClaim } from "../../src/dispute/claims.js";
import { openState } from "../../src/store/state.js";
import { receiptNumber } from "../support/receipt-claims.js";

/** As `receiptNumber`, in hexadecimal as whoever reads it gets it. */
function claimOf(n: number, outputs?: string[]): ReceiptClaim {
  const fresh = receiptNumber(n);
  return { ...fresh, inputs: fresh.inputs.map(toHex), outputs: outputs ?? fresh.outputs.map(toHex) };
}

describe("receipts that a party keeps", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-receipts-"));
  after(() => rmSync(folder, { recursive: true }));

  const rows = (path: string): number => {
    const db = new DatabaseSync(path, { readOnly: true });
    const count = Number(db.prepare("SELECT count(*) AS n FROM bytes").get()?.["n"]);
    db.close();
    return count;
  };

  it("come back with their bytes, and take these with them when they are replaced or forgotten", () => {
    const path = join(folder, "kept.sqlite");
    const first = openState(path);
    const [one, two] = [claimOf(1, ["0xff00", "0x80"]), claimOf(2, ["0x7f"])];
    const bytes = { inputs: one.inputs.map(fromHex), outputs: one.outputs.map(fromHex) };
    receiptsOf(first).add({ ...one, ...bytes });
    receiptsOf(first).put(two.claimId, two);
    first.close();
    const state = openState(path);
    const receipts = receiptsOf(state);
    expect(receipts.get(one.claimId)).to.deep.equal(one);
    expect(receipts.entries().map(({ key, value }) => [key, { ...value }])).to.deep.equal(
      [one, two].map((claim) => [claim.claimId, claim]),
    );
    expect(rows(path)).to.equal(4 + 3);
    const changed = { ...one, outputs: ["0x01", "0x02"] };
    receipts.put(one.claimId, changed);
    expect(receipts.get(one.claimId)).to.deep.equal(changed);
    expect(rows(path)).to.equal(4 + 3);
    // What was read before stays whole.
    const kept = receipts.get(one.claimId);
    receipts.delete(one.claimId);
    receipts.delete(one.claimId);
    expect(kept).to.deep.equal(changed);
    expect(receipts.get(one.claimId)).to.equal(undefined);
    expect(rows(path)).to.equal(3);
    state.close();
  });

  it("are read from files of version 1, which kept bytes in hexadecimal", () => {
    const path = join(folder, "old.sqlite");
    const claim = claimOf(3, ["0xff00"]);
    const old = new DatabaseSync(path);
    old.exec(`CREATE TABLE record (collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key))
      WITHOUT ROWID; PRAGMA user_version = 1`);
    const json = JSON.stringify(claim, (_key, v: unknown) => (typeof v === "bigint" ? { $bigint: v.toString() } : v));
    old.prepare("INSERT INTO record VALUES ('receipt', ?, ?)").run(claim.claimId, json);
    old.close();
    const state = openState(path);
    const receipts = receiptsOf(state);
    expect(receipts.get(claim.claimId)).to.deep.equal(claim);
    expect(rows(path)).to.equal(0);
    receipts.put(claim.claimId, claim);
    expect(receipts.get(claim.claimId)).to.deep.equal(claim);
    expect(rows(path)).to.equal(3);
    receipts.delete(claim.claimId);
    expect(rows(path)).to.equal(0);
    state.close();
  });

  it("are whole or not there after kill -9, and those that were said to be kept are there", async () => {
    for (const enough of [1, 30]) {
      const path = join(folder, `killed-after-${enough}.sqlite`);
      const keeper = spawn(process.execPath, ["--import", "tsx", "test/support/keep-receipts.ts", path]);
      let text = "";
      keeper.stdout.on("data", (part: Buffer) => {
        text += part.toString();
        if (text.split("\n").length > enough) keeper.kill("SIGKILL");
      });
      await once(keeper, "close");
      const said = text.split("\n").slice(0, -1);
      expect(said.length).to.be.at.least(enough);
      const state = openState(path);
      const kept = receiptsOf(state).entries();
      for (const { value } of kept) {
        expect({ ...value }).to.deep.equal(claimOf(Number(value.receipt.receipt.requestId)));
      }
      expect(kept.map(({ key }) => key)).to.include.members(said);
      expect(rows(path)).to.equal(3 * kept.length);
      state.close();
    }
  });

  it("lie in a memory that keeps no bytes apart, too", () => {
    const receipts = receiptsOf(createMemory());
    const claim = claimOf(4, ["0x01"]);
    receipts.put(claim.claimId, claim);
    expect(receipts.get(claim.claimId)).to.deep.equal(claim);
    receipts.delete(claim.claimId);
    expect(receipts.entries()).to.deep.equal([]);
  });
});
