import { expect } from "chai";
import { hexlify, keccak256 } from "ethers";
import { network } from "hardhat";

import { toHex } from "../../../src/audit/bytes.js";
import { commitGraph } from "../../../src/audit/content.js";
import { decodeNode } from "../../../src/audit/decode.js";
import { encodeNode } from "../../../src/audit/encode.js";
import {
  type AuditNode,
  type DType,
  DTYPE_CODE,
  MAP_FN,
  type MapFn,
  REDUCE_FN,
  type ReduceFn,
  type ReduceNode,
  type View,
} from "../../../src/audit/graph.js";
import { mapTakes, reduceTakes } from "../../../src/audit/signatures.js";
import { allOperands, brokenRule, resultInfo, type TensorInfo } from "../../../src/audit/wellformed.js";
import { TouchstoneError } from "../../../src/errors.js";
import type { Arbiter, BatchCaller } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { input, view } from "../../support/graph-parts.js";
import { randomGraph } from "../../support/graphs.js";
import { createRandom } from "../../support/samples.js";

/** Random nodes, each taken as it is and with a few bytes changed. */
const NODES = fuzzRuns(150);
const CHANGES = 12;

/** What a node is by the TypeScript parser and rules; undefined where a rule outside of the node's bytes decides. */
function judge(encoding: Uint8Array): [elements: bigint, dtype: bigint] | undefined {
  try {
    const { node } = decodeNode(encoding);
    // Every tensor is as its first reader states it.
    const lists: Record<"input" | "weight" | "node", TensorInfo[]> = { input: [], weight: [], node: [] };
    for (const operand of allOperands(node)) {
      if ("guards" in operand) lists[operand.source.kind][operand.source.index] ??= operand;
    }
    const { input: inputs, weight: weights, node: nodes } = lists;
    const reason = brokenRule(node, { index: 2 ** 32, inputs, weights, nodes, nodeCount: 1, depth: 255 });
    if (reason === undefined) {
      const { numel, dtype } = resultInfo(node);
      return [BigInt(numel), BigInt(DTYPE_CODE[dtype])];
    }
    if (/^it reads (input|weight|node) /.test(reason)) return undefined;
  } catch (error) {
    if (!(error instanceof TouchstoneError)) throw error;
  }
  return [0n, 0n];
}

function change(encoding: Uint8Array, random: () => number): Uint8Array {
  const changed = encoding.slice();
  const any = (n: number): number => random() % n;
  switch (any(10)) {
    case 0:
      return changed.slice(0, any(changed.length));
    case 1:
      return Uint8Array.from([...changed, 0]);
    case 2:
    case 3:
    case 4:
      // The header, where most rules begin.
      changed[any(8)] = any(100);
      return changed;
    case 5:
      changed[any(changed.length)] = [0, 1, 0x7f, 0x80, 0xff][any(5)]!;
      return changed;
    default:
      changed[any(changed.length)]! += [1, 2, 4, 255][any(4)]!;
      return changed;
  }
}

interface Case {
  readonly encoding: Uint8Array;
  readonly expected: [elements: bigint, dtype: bigint];
}

interface Signature {
  readonly kind: "map" | "reduce";
  readonly fn: MapFn | ReduceFn;
  readonly operands: readonly DType[];
  readonly result: DType;
}

const DTYPES = Object.keys(DTYPE_CODE) as DType[];

const isTaken = ({ kind, fn, operands, result }: Signature): boolean =>
  kind === "map" ? mapTakes(fn as MapFn, operands, result) : reduceTakes(fn as ReduceFn, operands, result);

/** One of each sort. */
const SORTS: readonly DType[] = ["f32", "u8", "i32", "bool", "f64"];

/** Of each function and number of operands: a dtype everywhere, and the first and the last signature with one dtype changed. */
function nearSignatures(): Signature[] {
  const functions = [
    ...Object.keys(MAP_FN).map((fn) => ({ kind: "map", fn: fn as MapFn }) as const),
    ...Object.keys(REDUCE_FN).map((fn) => ({ kind: "reduce", fn: fn as ReduceFn }) as const),
  ];
  return functions.flatMap((each) =>
    [1, 2, 3].flatMap((count) => {
      const of = (dtypes: readonly DType[]): Signature => ({ ...each, operands: dtypes.slice(1), result: dtypes[0]! });
      const all = Array.from({ length: DTYPES.length ** (count + 1) }, (_, n) =>
        Array.from({ length: count + 1 }, (_, i) => DTYPES[Math.floor(n / DTYPES.length ** i) % DTYPES.length]!),
      );
      const taken = all.filter((dtypes) => isTaken(of(dtypes)));
      if (taken.length === 0) return [];
      const changed = [taken[0]!, taken.at(-1)!].flatMap((dtypes) =>
        dtypes.flatMap((_, i) => SORTS.map((dtype) => dtypes.with(i, dtype))),
      );
      const uniform = SORTS.map((dtype) => Array<DType>(count + 1).fill(dtype));
      return [...new Map([...uniform, ...changed].map((dtypes) => [dtypes.join(), dtypes])).values()].map(of);
    }),
  );
}

/** A node of one element that has a signature, whether there is such a one or not. */
function oneElement({ kind, fn, operands, result }: Signature): AuditNode {
  const red = kind === "reduce" ? [1] : [];
  return {
    ...{ kind, fn, dtype: result, out: [1], steps: [], label: "" },
    operands: operands.map((dtype, i) => view(input(i), 1, [0, ...red.map(() => 0)], { dtype })),
    ...(kind === "reduce" ? { red } : {}),
    ...(fn === "argkth" ? { argkth: { kRank: 0, largest: true } } : {}),
  } as AuditNode;
}

describe("Arbiter's parser against the TypeScript one", () => {
  let arbiter: Arbiter;
  let batch: BatchCaller;

  before(async () => {
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    batch = await connection.ethers.deployContract("BatchCaller");
  });

  it("takes and refuses the same encodings", async () => {
    console.log(`      ${NODES} nodes, FUZZ_SEED=${fuzzSeed}`);
    const random = createRandom(fuzzSeed);
    const cases: Case[] = [];
    for (let taken = 0; taken < NODES;) {
      for (const encoding of commitGraph(randomGraph(random(), 4)).encodings) {
        taken++;
        for (let i = 0; i <= CHANGES; i++) {
          let tried = encoding;
          for (let changes = i === 0 ? 0 : 1 + (random() % 2); changes > 0; changes--) tried = change(tried, random);
          const expected = judge(tried);
          if (expected !== undefined) cases.push({ encoding: tried, expected });
        }
      }
    }
    const refused = cases.filter(({ expected }) => expected[0] === 0n).length;
    console.log(`      ${cases.length} encodings, ${refused} of them ill-formed`);
    expect(refused).to.be.within(cases.length / 4, cases.length * 0.9);
    await expectJudged(cases);
  });

  it("takes the dtypes of the specification, and none that differ in one place", async () => {
    const cases = nearSignatures()
      .map(oneElement)
      .map((node) => {
        const encoding = encodeNode(node, []);
        return { encoding, expected: judge(encoding)! };
      });
    const taken = cases.filter(({ expected }) => expected[0] !== 0n).length;
    expect(taken).to.be.within(cases.length / 20, cases.length / 2);
    await expectJudged(cases);
  });

  it("takes no rank that an operand or its guards depend on, and no third order", async () => {
    const ranked = oneElement({ kind: "reduce", fn: "argkth", operands: ["f32"], result: "i64" }) as ReduceNode;
    const [operand] = ranked.operands as [View];
    const guarded = (coef: readonly number[]): AuditNode => {
      const guards = [{ base: 0, divisor: 1, extent: 1, stride: 0, coef }];
      return { ...ranked, argkth: { kRank: 1, largest: true }, operands: [{ ...operand, guards }] };
    };
    const encodings = [ranked, guarded([0, 0]), guarded([1, 0]), guarded([0, 1])].map((node) => encodeNode(node, []));
    // The order stands after the header, two extents and the number of ranks.
    for (const order of [0, 1, 2]) {
      const changed = encodings[0]!.slice();
      changed[8 + 2 * 4 + 1] = order;
      encodings.push(changed);
    }
    const cases = encodings.map((encoding) => ({ encoding, expected: judge(encoding)! }));
    expect(cases.map(({ expected }) => expected[0])).to.deep.equal([1n, 1n, 0n, 1n, 1n, 1n, 0n]);
    await expectJudged(cases);
  });

  it("takes fewer than 2^31 elements and reductions: -1, 0 and +1", async () => {
    const limit = 2 ** 31;
    const sum = oneElement({ kind: "reduce", fn: "sum", operands: ["f32"], result: "f32" }) as ReduceNode;
    const copy = oneElement({ kind: "map", fn: "copy", operands: ["f32"], result: "f32" });
    const encodings = [limit - 1, limit, limit + 1].flatMap((extent) =>
      [{ ...sum, red: [extent] } as AuditNode, { ...copy, out: [extent] }].map((node) => encodeNode(node, [])),
    );
    const cases = encodings.map((encoding) => ({ encoding, expected: judge(encoding)! }));
    expect(cases.map(({ expected }) => expected[0])).to.deep.equal([1n, BigInt(limit - 1), 0n, 0n, 0n, 0n]);
    await expectJudged(cases);
  });

  it("takes no guard that divides by nothing, or allows nothing", async () => {
    const copy = oneElement({ kind: "map", fn: "copy", operands: ["f32"], result: "f32" });
    const [operand] = copy.operands as [View];
    const cases = [
      [1, 1],
      [0, 1],
      [256, 0],
      [1, 0],
      [0, 256],
    ].map(([divisor, extent]) => {
      const guards = [{ base: 0, divisor: divisor!, extent: extent!, stride: 0, coef: [0] }];
      const encoding = encodeNode({ ...copy, operands: [{ ...operand, guards }] }, []);
      return { encoding, expected: judge(encoding)! };
    });
    expect(cases.map(({ expected }) => expected[0])).to.deep.equal([1n, 0n, 0n, 0n, 0n]);
    await expectJudged(cases);
  });

  async function expectJudged(cases: readonly Case[]): Promise<void> {
    const answers = await callAll(
      batch,
      arbiter,
      "resultShape",
      cases.map(({ encoding }) => [keccak256(encoding), 1, 0, hexlify(encoding), []]),
    );
    answers.forEach((answer, i) => {
      const { encoding, expected } = cases[i]!;
      expect(answer, toHex(encoding)).to.deep.equal({ value: expected });
    });
  }
});
