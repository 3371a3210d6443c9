import { ethers as lib } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { type DType, DTYPE_CODE, MAP_FN, type MapFn } from "../../src/audit/graph.js";
import type { ScalarHarness } from "../../typechain-types/index.js";

/** One function on operands of these dtypes. */
export interface ScalarSignature {
  readonly fn: MapFn;
  readonly operands: readonly DType[];
  readonly result: DType;
}

export interface Evaluated {
  readonly wellFormed: boolean;
  readonly result: bigint;
  /** What the call of the evaluator took. */
  readonly gas: bigint;
}

/** The contract under test and the one that calls it for many operands at once. */
export interface Scalars {
  readonly harness: ScalarHarness;
  readonly evaluator: string;
  /** Code bytes of the evaluator and its families by name. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** So that a call stays under the block gas limit at 20,000 gas a case. */
const CASES_PER_CALL = 500;

/** Deploys the evaluator with its families, and the harness. */
export async function deployScalars({ ethers }: NetworkConnection): Promise<Scalars> {
  const floats = await ethers.deployContract("FloatScalars");
  const integers = await ethers.deployContract("IntegerScalars");
  const conversions = await ethers.deployContract("ConversionScalars");
  const elementary = await ethers.deployContract("ElementaryScalars");
  const doubles = await ethers.deployContract("DoubleScalars");
  const families = [floats, integers, conversions, elementary, doubles];
  const evaluator = await ethers.deployContract("ScalarEvaluator", families);
  const harness = await ethers.deployContract("ScalarHarness");
  const contracts = { floats, integers, conversions, elementary, doubles, evaluator };
  const sizes: Record<string, number> = {};
  for (const [name, contract] of Object.entries(contracts)) {
    sizes[name] = lib.dataLength(await ethers.provider.getCode(contract));
  }
  return { harness, evaluator: await evaluator.getAddress(), sizes };
}

/** Evaluates every case (operand bits) of one function on-chain. */
export async function evaluateMany(
  { harness, evaluator }: Scalars,
  { fn, operands, result }: ScalarSignature,
  cases: readonly (readonly bigint[])[],
): Promise<Evaluated[]> {
  const dtypes = lib.hexlify(Uint8Array.from(operands, (dtype) => DTYPE_CODE[dtype]));
  const evaluated: Evaluated[] = [];
  for (let start = 0; start < cases.length; start += CASES_PER_CALL) {
    const words = cases.slice(start, start + CASES_PER_CALL).flatMap((bits) => bits.map(word));
    const use = { evaluator, fn: MAP_FN[fn], resultDtype: DTYPE_CODE[result], dtypes };
    const outcomes = await harness.evaluateMany(use, `0x${words.join("")}`);
    for (let at = 2; at < outcomes.length; at += 64) {
      const outcome = BigInt(`0x${outcomes.slice(at, at + 64)}`);
      const wellFormed = (outcome >> 64n) % 2n === 1n;
      evaluated.push({ wellFormed, result: BigInt.asUintN(64, outcome), gas: outcome >> 128n });
    }
  }
  return evaluated;
}

function word(bits: bigint): string {
  return bits.toString(16).padStart(64, "0");
}
