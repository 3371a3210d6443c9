import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { AbiCoder, Interface } from "ethers";

import { DelegatorFees__factory, JobEscrow__factory, OperatorStaking__factory } from "../../typechain-types/index.js";
import type { Table } from "../bench/section.js";

/** How often random sequences of one kind called a function, and how many of these calls were refused. */
interface Count {
  readonly made: number;
  readonly refused: number;
}

interface Calls {
  readonly test: string;
  readonly name: string;
  readonly free: Count;
  readonly legal: Count;
}

const NONE: Count = { made: 0, refused: 0 };

/** Contracts that the sequences call. */
const CONTRACTS = [OperatorStaking__factory, JobEscrow__factory, DelegatorFees__factory];

/** Runs Solidity tests, and counts what their random sequences called (test/invariant/Sequences.sol). */
export async function countCalls<T>(
  run: (settings: Readonly<Record<string, string>>) => Promise<T>,
): Promise<{ result: T; calls: Calls[] }> {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-calls-"));
  try {
    return { result: await run({ CALLS_FOLDER: folder }), calls: readCalls(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sums by test and function. A file holds the sequences of one kind of one test, a line each. */
export function readCalls(folder: string): Calls[] {
  const names = new Map<string, string>();
  for (const { abi } of CONTRACTS) {
    new Interface(abi).forEachFunction(({ selector, name }) => names.set(selector, name));
  }
  const sums = new Map<string, Calls>();
  for (const file of readdirSync(folder)) {
    const [test = "", kind] = file.split(" ");
    for (const line of readFileSync(join(folder, file), "utf8").trim().split("\n")) {
      for (const [selector, done, refused] of readCounts(line)) {
        const name = names.get(selector) ?? selector;
        const sum = sums.get(`${test} ${name}`) ?? { test, name, free: NONE, legal: NONE };
        const counted = kind === "legal" ? "legal" : "free";
        const count = {
          made: sum[counted].made + Number(done + refused),
          refused: sum[counted].refused + Number(refused),
        };
        sums.set(`${test} ${name}`, { ...sum, [counted]: count });
      }
    }
  }
  return [...sums.values()].sort((a, b) => (`${a.test} ${a.name}` < `${b.test} ${b.name}` ? -1 : 1));
}

/** `Count[]` of test/invariant/Sequences.sol: selector, done, refused. */
function readCounts(line: string): [string, bigint, bigint][] {
  const [counts] = AbiCoder.defaultAbiCoder().decode(["tuple(bytes4,uint64,uint64)[]"], line);
  return counts as [string, bigint, bigint][];
}

export function callsTable(calls: readonly Calls[]): Table {
  const cells = ({ made, refused }: Count): (string | number)[] => [
    ...[made, refused],
    made === 0 ? "-" : `${((100 * refused) / made).toFixed(0)}%`,
  ];
  return {
    title: "Calls of random sequences",
    remark:
      "Free sequences also make calls that the rules forbid, each of which has to be refused; legal ones make only those that the rules " +
      "allow, and the first revert fails the test.",
    columns: ["test", "function", "free", "refused", "share", "legal", "refused", "share"],
    rows: calls.map(({ test, name, free, legal }) => [test, name, ...cells(free), ...cells(legal)]),
  };
}
