import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect } from "chai";

import { openState } from "../../src/store/state.js";

describe("state file", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-state-"));
  const path = join(folder, "deep", "state.sqlite");
  after(() => rmSync(folder, { recursive: true }));

  it("keeps records with bigints over a reopening, in order of keys", () => {
    const first = openState(path);
    const claims = first.collection<{ amount: bigint; list: number[] }>("claim");
    claims.put("b", { amount: 2n ** 200n, list: [1, 2] });
    claims.put("a", { amount: -1n, list: [] });
    first.collection("other").put("a", { other: true });
    first.close();
    const second = openState(path).collection<{ amount: bigint; list: number[] }>("claim");
    expect(second.entries().map(({ key }) => key)).deep.equal(["a", "b"]);
    expect(second.get("b")).deep.equal({ amount: 2n ** 200n, list: [1, 2] });
    second.delete("b");
    expect(second.get("b")).equal(undefined);
  });

  it("undoes all writes of a failed unit of work", () => {
    const state = openState(path);
    const records = state.collection<number>("unit");
    records.put("kept", 1);
    expect(() =>
      state.atomically(() => {
        records.put("kept", 2);
        records.put("lost", 3);
        throw new TypeError("interrupted");
      }),
    ).throw("interrupted");
    expect(records.get("kept")).equal(1);
    expect(records.get("lost")).equal(undefined);
    state.close();
  });

  it("takes a unit of work inside another as a part of it", () => {
    const state = openState(path);
    const records = state.collection<number>("inner");
    expect(() =>
      state.atomically(() => {
        state.atomically(() => records.put("inner", 1));
        throw new TypeError("interrupted");
      }),
    ).throw("interrupted");
    expect(records.get("inner")).equal(undefined);
    expect(state.atomically(() => state.atomically(() => 5))).equal(5);
    state.close();
  });

  it("keeps bytes as they are, with what is written beside them or not at all", () => {
    const state = openState(path);
    const large = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
    const ids = [large, new Uint8Array(), large.subarray(3, 5)].map((each) => state.bytes.add(each));
    let undone = 0;
    expect(() =>
      state.atomically(() => {
        undone = state.bytes.add(large);
        throw new TypeError("interrupted");
      }),
    ).throw("interrupted");
    state.bytes.delete(ids[0]!);
    state.close();
    const again = openState(path);
    const found = [...ids, undone].map((id) => again.bytes.get(id));
    expect(found.map((each) => each && [...each])).deep.equal([undefined, [], [3, 4], undefined]);
    expect([...again.bytes.get(again.bytes.add(large))!]).deep.equal([...large]);
    again.close();
  });

  it("keeps many units of work with few waits for the disk, each there when it is said to be", async () => {
    const state = openState(path);
    const records = state.collection<number>("many");
    const seen: string[] = [];
    const failed = state.durably(() => {
      records.put("lost", 1);
      throw new TypeError("interrupted");
    });
    const done = Array.from({ length: 50 }, async (_, i) => {
      await state.durably(() => records.put(String(i), i));
      // What was written is in the file for others.
      const other = new DatabaseSync(path, { readOnly: true });
      const row = other.prepare("SELECT value FROM record WHERE collection = 'many' AND key = ?").get(String(i));
      other.close();
      seen.push(String(row?.["value"]));
    });
    expect(await failed.catch((thrown: unknown) => (thrown as Error).message)).to.equal("interrupted");
    await Promise.all(done);
    expect(seen.map(Number).sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
    expect(records.get("lost")).to.equal(undefined);
    expect(records.entries().length).to.equal(50);
    state.close();
  });

  it("names a file that is no database", () => {
    expect(() => openState("/dev/null/state.sqlite")).throw();
    expect(() => openState(folder)).throw("Cannot open the state file");
  });
});
