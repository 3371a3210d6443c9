import { expect } from "chai";
import { dataLength } from "ethers";
import { network } from "hardhat";

import { fromHex } from "../../src/audit/bytes.js";
import { type CostNode, type CostOperand, costOf } from "../../src/audit/compile/cost.js";
import { decodeNode } from "../../src/audit/decode.js";
import type { Operand } from "../../src/audit/graph.js";
import { expectSnapshot, type Snapshot } from "../../scripts/checks/snapshot.js";
import type { Arbiter } from "../../typechain-types/index.js";
import { deployArbiter } from "../support/arbiter.js";
import {
  awkwardDotCase,
  convolutionCase,
  denseCase,
  mapCase,
  MODEL_NODES,
  reductionCase,
  wholeDotCase,
} from "../support/gas-cases.js";
import { floatTensor } from "../support/graph-parts.js";
import type { Case } from "../support/runs.js";
import { deployScalars } from "../support/scalars.js";

/** What one transaction may use on a chain of today, and half of it: the limit that the compiler keeps. */
const TRANSACTION_LIMIT = 16_777_216n;
const NODE_LIMIT = 8_000_000n;
/** Evidence of this size is the most that the compiler allows. */
const PROOF_BYTES = 65_536;
/** EIP-170. */
const CODE_LIMIT = 24_576;
const RESNET = { size: 7, channels: 512, filters: 512, channelsLast: true };

/** Each of the cases, with a limit of its own where one is promised. */
const CASES: Readonly<Record<string, { build: () => Case; limit?: bigint }>> = {
  "dot, 1024 terms": { build: () => denseCase(1024, 1000, false), limit: 450_000n },
  "dense layer, 1024 terms, bias, relu": { build: () => denseCase(1024, 1000, true) },
  "convolution 3x3x512, inside": { build: () => convolutionCase(RESNET, 3, 3), limit: 1_700_000n },
  "convolution 3x3x512, corner": { build: () => convolutionCase(RESNET, 0, 6), limit: 1_700_000n },
  "convolution 3x3x64, channels first": {
    build: () => convolutionCase({ size: 14, channels: 64, filters: 64, channelsLast: false }, 5, 5),
  },
  "dot, 7000 terms, ordinary": { build: () => wholeDotCase("f32", "f32", 7000, floatTensor([7000], 3)) },
  "dot, 7000 terms, all exponents": { build: () => wholeDotCase("f32", "f32", 7000) },
  "dot, 7000 terms, backwards": { build: () => awkwardDotCase(7000, false) },
  "dot, 7000 terms, divided": { build: () => awkwardDotCase(7000, true) },
  "dot, 28000 terms of i8": { build: () => wholeDotCase("i8", "i32", 28_000) },
  "sum, 14000 terms": { build: () => reductionCase("sum", "f32", "f32", 14_000) },
  "mean, 14000 terms": { build: () => reductionCase("mean", "f32", "f32", 14_000) },
  "max, 14000 terms": { build: () => reductionCase("max", "f32", "f32", 14_000) },
  "max, 56000 terms of u8": { build: () => reductionCase("max", "u8", "u8", 56_000) },
  "argmax, 14000 terms": { build: () => reductionCase("argmax", "f32", "i64", 14_000) },
  "argkth, 14000 terms": { build: () => reductionCase("argkth", "f32", "i64", 14_000) },
  "argkth, 7000 terms of i64": { build: () => reductionCase("argkth", "i64", "i64", 7_000) },
  "argkth, 56000 terms of u8": { build: () => reductionCase("argkth", "u8", "i64", 56_000) },
  add: { build: () => mapCase("add") },
  exp: { build: () => mapCase("exp") },
  tanh: { build: () => mapCase("tanh") },
  erf: { build: () => mapCase("erf") },
};

/** The compiler's bound is at most this many times what the dearest cases of a kind really take. */
const MOST_ABOVE = 5;

/** What the compiler says that an element of a node takes at most, in a graph like that of the cases. */
function boundOf(encoding: Uint8Array | string): number {
  const { node } = decodeNode(typeof encoding === "string" ? fromHex(encoding) : encoding);
  const cost = (operand: Operand): CostOperand => {
    const view = "guards" in operand ? operand : undefined;
    return { dtype: operand.dtype, view, weight: operand.source.kind === "weight" };
  };
  const { kind, fn, dtype, out } = node;
  const parts: CostNode = {
    ...{ kind, fn, dtype, out, attrBytes: fn === "argkth" ? 2 : 0 },
    red: node.kind === "reduce" ? node.red : [],
    operands: node.operands.map(cost),
    steps: node.steps.map((step) => ({ fn: step.fn, operands: step.operands.map(cost) })),
  };
  return costOf(parts, MODEL_NODES, 1).gas;
}

/** Gas of one refutation. */
interface Measure {
  /** Of a transaction that does nothing but ask the Arbiter. */
  readonly transaction: bigint;
  /** Of the Arbiter's call alone: what adds to the costs of a contract that asks it. */
  readonly execution: bigint;
  readonly calldata: number;
}

describe("gas of the Arbiter", () => {
  let arbiter: Arbiter;
  let measure: (data: string) => Promise<Measure>;
  const snapshot: Record<string, Measure> = {};

  before(async () => {
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    const batch = await connection.ethers.deployContract("BatchCaller");
    const [sender] = await connection.ethers.getSigners();
    const to = await arbiter.getAddress();
    measure = async (data) => {
      const sent = await sender!.sendTransaction({ to, data, gasLimit: TRANSACTION_LIMIT });
      const [answer] = await batch.callAll(to, [data], { gasLimit: TRANSACTION_LIMIT });
      return { transaction: (await sent.wait())!.gasUsed, execution: answer!.gas, calldata: dataLength(data) };
    };
  });

  for (const [name, { build, limit = NODE_LIMIT }] of Object.entries(CASES)) {
    it(`${name}: below ${limit.toLocaleString("en")}`, async () => {
      const { facts, evidence } = build();
      expect(await arbiter.check(facts, evidence, { gasLimit: TRANSACTION_LIMIT })).to.equal(true);
      const { data } = await arbiter.check.populateTransaction(facts, evidence);
      const measured = await measure(data);
      expect(measured.transaction < limit, `${measured.transaction}`).to.equal(true);
      expect(measured.calldata).to.be.lessThan(PROOF_BYTES);
      const bound = boundOf(evidence.node);
      expect(bound, "the compiler's bound").to.be.at.least(Number(measured.transaction));
      expect(bound, "the compiler's bound").to.be.at.most(MOST_ABOVE * Number(measured.transaction));
      snapshot[name] = measured;
    });
  }

  it("is that of the committed snapshot", () => {
    expectSnapshot("gas/arbiter", snapshot as unknown as Snapshot);
  });

  it("leaves every contract of the audit machine below the code limit", async () => {
    const connection = await network.create();
    const sizes = (await deployScalars(connection)).sizes;
    const audit = await deployArbiter(connection);
    for (const [name, contract] of [
      ["arbiter", await audit.getAddress()],
      ["reductions", await audit.REDUCTIONS()],
    ] as const) {
      expect(dataLength(await connection.ethers.provider.getCode(contract)), name).to.be.lessThan(CODE_LIMIT);
    }
    for (const [name, size] of Object.entries(sizes)) expect(size, name).to.be.lessThan(CODE_LIMIT);
  });
});
