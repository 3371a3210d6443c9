import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { AbiCoder, Interface } from "ethers";

import { callsTable, countCalls, readCalls } from "../../scripts/test/calls.js";
import { IOperatorStaking__factory } from "../../typechain-types/index.js";

const staking = new Interface(IOperatorStaking__factory.abi);

/** What test/invariant/Sequences.sol writes after a sequence. */
const lineOf = (...counts: readonly [name: string, done: number, refused: number][]): string =>
  AbiCoder.defaultAbiCoder().encode(
    ["tuple(bytes4,uint64,uint64)[]"],
    [counts.map(([name, ...figures]) => [staking.getFunction(name)!.selector, ...figures])],
  );

describe("calls of random sequences", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "calls-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (file: string, ...lines: readonly string[]): void =>
    writeFileSync(join(folder, file), lines.map((line) => `${line}\n`).join(""));

  it("are summed over sequences, by test, kind and function", () => {
    write("Sums free", lineOf(["slash", 1, 2], ["lock", 5, 0]), lineOf(["slash", 10, 20]));
    write("Sums legal", lineOf(["slash", 7, 0]));
    write("Others legal", lineOf(["lock", 3, 1]));
    const none = { made: 0, refused: 0 };
    expect(readCalls(folder)).to.deep.equal([
      { test: "Others", name: "lock", free: none, legal: { made: 4, refused: 1 } },
      { test: "Sums", name: "lock", free: { made: 5, refused: 0 }, legal: none },
      { test: "Sums", name: "slash", free: { made: 33, refused: 22 }, legal: { made: 7, refused: 0 } },
    ]);
  });

  it("are shown with the share that was refused", () => {
    write("Sums free", lineOf(["slash", 1, 2]));
    expect(callsTable(readCalls(folder)).rows).to.deep.equal([["Sums", "slash", 3, 2, "67%", 0, 0, "-"]]);
  });

  it("are none where no test writes any, and the folder is removed after a failure too", async () => {
    let used = "";
    const quiet = await countCalls(({ CALLS_FOLDER }) => Promise.resolve((used = CALLS_FOLDER!)));
    expect(quiet.calls).to.deep.equal([]);
    expect(() => readdirSync(used)).to.throw("ENOENT");
    const failure = await countCalls(({ CALLS_FOLDER }) => {
      used = CALLS_FOLDER!;
      return Promise.reject(new Error("broken"));
    }).catch((error: unknown) => error);
    expect(String(failure)).to.include("broken");
    expect(() => readdirSync(used)).to.throw("ENOENT");
  });
});
