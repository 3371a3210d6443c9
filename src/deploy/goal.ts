import { existsSync } from "node:fs";

import {
  type EIP1193Provider,
  type IgnitionModule,
  isNamedContractAtFuture,
  status,
} from "@nomicfoundation/ignition-core";
import type { Provider } from "ethers";

import { FEE_ORACLES } from "../../deploy/modules/FeeOracle.js";
import TouchstoneModule from "../../deploy/modules/Touchstone.js";
import { writeDeployment } from "../chain/deployment.js";
import { TouchstoneError } from "../errors.js";
import type { Artifacts } from "./artifacts.js";
import { checkDeployment, type Finding, type Placed } from "./check.js";
import { fundingFor, type Funding } from "./cost.js";
import type { DeploymentNetwork } from "./networks.js";
import type { Parameters } from "./parameters.js";
import { creatorOf, futuresOf, stepsOf, type Step } from "./plan.js";
import { firstBlockOf } from "./journal.js";
import { type ChainNode, deployModule, type DeployTools, doneIn } from "./run.js";

export interface Goal {
  readonly network: DeploymentNetwork;
  readonly parameters: Parameters;
  /** Where the address book is written, after everything was read back. */
  readonly book: string;
  /** Folder of the journal. */
  readonly journal: string;
}

export interface Tools {
  readonly provider: ChainNode;
  /** The same node, with the deployer's account. */
  readonly node: EIP1193Provider;
  readonly deployer: string;
  readonly artifacts: Artifacts;
  readonly onProgress: (text: string) => void;
}

/** What is still to do, and what it costs at most. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly done: number;
  readonly funding: Funding;
}

export interface Deployed {
  readonly contracts: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

const POLL_MS = 250;

/** One for each chain: two local chains have the same id, but not the same first block. */
export async function journalName(provider: Provider, chainId: number): Promise<string> {
  const genesis = await provider.getBlock(0);
  return `${chainId}-${genesis?.hash?.slice(2, 10) ?? ""}`;
}

/** What of a goal decides which transactions there are. */
type Aim = Pick<Goal, "network" | "parameters">;

/** The network's adapter to its data prices, where the parameters do not name one. */
const oracleOf = ({ network, parameters }: Aim): keyof typeof FEE_ORACLES | undefined =>
  BigInt(String(parameters["feeOracle"] ?? 0)) === 0n ? network.feeOracle : undefined;

function modulesOf(goal: Aim): IgnitionModule[] {
  const oracle = oracleOf(goal);
  return [...(oracle === undefined ? [] : [FEE_ORACLES[oracle]]), TouchstoneModule];
}

/** All transactions of a deployment; it takes no chain to know them. */
export const stepsFor = (goal: Aim, artifacts: Artifacts): Step[] =>
  modulesOf(goal).flatMap((module) => stepsOf(module, artifacts));

export async function planFor({ provider, deployer, artifacts }: Tools, goal: Goal): Promise<Plan> {
  const done = await doneIn(goal.journal, artifacts);
  const all = stepsFor(goal, artifacts);
  const steps = all.filter(({ id }) => !done.has(id));
  const funding = await fundingFor(provider, goal.network, { steps, deployer });
  return { steps, done: all.length - steps.length, funding };
}

/**
 * Everything that a journal says is deployed, by what the module exports it as.
 * @throws TouchstoneError `DEPLOYMENT_UNKNOWN` where nothing was begun.
 */
export async function placedIn(journal: string, artifacts: Artifacts): Promise<Placed[]> {
  const exported = new Map(
    Object.entries(TouchstoneModule.results).map(([name, future]) => [future.id, name] as const),
  );
  const creators = new Map(
    futuresOf(TouchstoneModule)
      .filter((future) => isNamedContractAtFuture(future))
      .map((future) => [future.id, creatorOf(future)?.contractName] as const),
  );
  if (!existsSync(journal)) {
    throw new TouchstoneError(
      "DEPLOYMENT_UNKNOWN",
      `No deployment was begun from here: there is no journal ${journal}.`,
      {
        next: "Check TOUCHSTONE_HOME, TOUCHSTONE_DEPLOYMENT and TOUCHSTONE_RPC_URL, or run `touchstone deploy`.",
      },
    );
  }
  const { contracts } = await status(journal, artifacts);
  return Object.values(contracts).map(({ id, contractName, address }) => {
    const creator = creators.get(id);
    return {
      name: exported.get(id) ?? contractName,
      contractName,
      address,
      ...(creator === undefined ? {} : { creator }),
    };
  });
}

/** Reads back what a journal says is deployed. */
export async function checkGoal({ provider, deployer, artifacts }: Tools, goal: Goal): Promise<Finding[]> {
  const placed = await placedIn(goal.journal, artifacts);
  const own = placed.find(({ contractName }) => contractName === goal.network.feeOracle)?.address;
  const parameters = { ...goal.parameters, ...(own === undefined ? {} : { feeOracle: own }) };
  return checkDeployment(provider, artifacts, { placed, deployer, parameters });
}

/** Nodes that mine at once make no further blocks to wait for. */
async function confirmationsAt(provider: ChainNode, { confirmations }: DeploymentNetwork): Promise<number> {
  const automine: unknown = await provider.send("hardhat_getAutomine", []).catch(() => false);
  return automine === true ? 1 : confirmations;
}

/** Deploys the adapter, unless it is there: Ignition takes a journal with unfinished steps of another module for a failure. */
async function deployOracle(run: DeployTools, goal: Goal): Promise<string | undefined> {
  const name = oracleOf(goal);
  if (name === undefined) return undefined;
  const known = existsSync(run.journal) ? await placedIn(run.journal, run.artifacts) : [];
  const found = known.find(({ contractName }) => contractName === name)?.address;
  return found ?? (await deployModule(run, FEE_ORACLES[name], {}))["oracle"];
}

/**
 * Deploys the suite, or goes on with it, reads everything back and writes the address book. What is done stays as it is, so
 * running it again only checks.
 * @throws TouchstoneError `FUNDS_SHORT` before anything is sent, `DEPLOYMENT_FAILED`, `DEPLOYMENT_CHANGED`,
 * `DEPLOYMENT_DIFFERS` where the chain shows something else than was asked for.
 */
export async function deploySuite(tools: Tools, goal: Goal): Promise<Deployed> {
  const { provider, node, deployer, artifacts, onProgress } = tools;
  const { network, book, journal } = goal;
  const { steps, funding } = await planFor(tools, goal);
  if (steps.length > 0 && funding.balance < funding.total) {
    throw new TouchstoneError(
      "FUNDS_SHORT",
      `The rest of the deployment costs up to ${funding.total} wei, ${deployer} has ${funding.balance}.`,
      { next: "Send it the difference; nothing was sent yet. `touchstone deploy --dry-run` shows the sum." },
    );
  }
  const confirmations = await confirmationsAt(provider, network);
  const run = { provider, node, sender: deployer, artifacts, journal, confirmations, pollMs: POLL_MS, onProgress };
  const feeOracle = await deployOracle(run, goal);
  const parameters = { ...goal.parameters, ...(feeOracle === undefined ? {} : { feeOracle }) };
  const contracts = await deployModule(run, TouchstoneModule, { [TouchstoneModule.id]: parameters });
  const findings = await checkGoal(tools, goal);
  const wrong = findings.filter(({ ok }) => !ok);
  if (wrong.length > 0) {
    const list = wrong.map(({ what, found }) => `${what}: ${found}`).join("; ");
    throw new TouchstoneError("DEPLOYMENT_DIFFERS", `The chain does not show what was deployed: ${list}`, {
      next: "Use the build that it was deployed with, and its parameters. No address book was written.",
    });
  }
  writeDeployment(book, { chainId: network.chainId, block: firstBlockOf(journal), ...contracts });
  return { contracts, findings };
}
