import {
  type Artifact,
  type ContractFuture,
  type Future,
  type IgnitionModule,
  isFunctionCallFuture,
  isNamedContractAtFuture,
  isNamedContractDeploymentFuture,
  isNamedStaticCallFuture,
  type NamedArtifactContractAtFuture,
} from "@nomicfoundation/ignition-core";

import type { Artifacts } from "./artifacts.js";

/** One transaction of a deployment. */
export interface Step {
  /** Ignition's name of it. */
  readonly id: string;
  readonly what: "deploy" | "call";
  /** Most gas that it takes. */
  readonly gas: bigint;
  /** Bytes of its data, which rollups charge for. */
  readonly bytes: number;
}

// Gas of the Yellow Paper, appendix G, and EIP-3860.
const BASE = 21_000n;
const CREATE = 32_000n;
const PER_NONZERO = 16n;
const PER_ZERO = 4n;
const PER_INIT_WORD = 2n;
const PER_CODE_BYTE = 200n;
/** What a constructor does anyway, and a storage slot for each value that it is given. */
const CONSTRUCTOR = 100_000n;
const PER_ARGUMENT = 22_100n;
const CALL = 700_000n;
/** Room for the arguments. */
const ARGUMENT_BYTES = 1_024;

const bytesOf = (hex: string): number => (hex.length - 2) / 2;

function dataGas(hex: string): bigint {
  let gas = 0n;
  for (let i = 2; i < hex.length; i += 2) gas += hex.startsWith("00", i) ? PER_ZERO : PER_NONZERO;
  return gas + BigInt(ARGUMENT_BYTES) * PER_NONZERO;
}

interface Parameter {
  readonly components?: readonly Parameter[];
}

/** Values in a list of parameters, those of structs counted one by one. */
const valuesIn = (parameters: readonly Parameter[]): number =>
  parameters.reduce((sum, { components }) => sum + (components === undefined ? 1 : valuesIn(components)), 0);

/** Most gas to create a contract, without the transaction around it. */
function creationGas({ abi, bytecode, deployedBytecode }: Artifact): bigint {
  const words = BigInt(Math.ceil(bytesOf(bytecode) / 32));
  const entries = abi as readonly { readonly type: string; readonly inputs: readonly Parameter[] }[];
  const values = valuesIn(entries.find(({ type }) => type === "constructor")?.inputs ?? []);
  const execution = CONSTRUCTOR + PER_ARGUMENT * BigInt(values);
  return CREATE + PER_INIT_WORD * words + PER_CODE_BYTE * BigInt(bytesOf(deployedBytecode)) + execution;
}

/** The contract that made another one and says where it is; undefined where nobody of the suite did. */
export const creatorOf = ({ address }: NamedArtifactContractAtFuture<string>): ContractFuture<string> | undefined =>
  typeof address === "object" && "contract" in address ? address.contract : undefined;

export const futuresOf = (module: IgnitionModule): Future[] => [
  ...[...module.submodules].flatMap(futuresOf),
  ...module.futures,
];

/**
 * The transactions of a module, in order, with a bound on what each takes. It needs no chain: what depends on one that is not
 * deployed yet can't be asked of a node.
 */
export function stepsOf(module: IgnitionModule, artifacts: Artifacts): Step[] {
  const steps = new Map<string, Step>();
  for (const future of futuresOf(module)) {
    if (isNamedContractDeploymentFuture(future)) {
      const artifact = artifacts.read(future.contractName);
      const gas = BASE + dataGas(artifact.bytecode) + creationGas(artifact);
      const bytes = bytesOf(artifact.bytecode) + ARGUMENT_BYTES;
      steps.set(future.id, { id: future.id, what: "deploy", gas, bytes });
    } else if (isFunctionCallFuture(future) && !isNamedStaticCallFuture(future)) {
      steps.set(future.id, { id: future.id, what: "call", gas: CALL, bytes: ARGUMENT_BYTES });
    } else if (isNamedContractAtFuture(future)) {
      // Another contract of the suite made this one: its transaction paid for both.
      const creator = creatorOf(future);
      const step = creator && steps.get(creator.id);
      if (creator && step) {
        const gas = step.gas + creationGas(artifacts.read(future.contractName, creator.contractName));
        steps.set(step.id, { ...step, gas });
      }
    }
  }
  return [...steps.values()];
}
