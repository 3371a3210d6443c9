import { existsSync, mkdirSync } from "node:fs";

import {
  deploy,
  type DeploymentParameters,
  DeploymentResultType,
  type DeploymentResult,
  type EIP1193Provider,
  type ExecutionEventListener,
  type IgnitionModule,
  status,
  wipe,
} from "@nomicfoundation/ignition-core";
import type { Provider } from "ethers";

import { TouchstoneError } from "../errors.js";
import type { Artifacts } from "./artifacts.js";
import { recoverLost } from "./lost.js";

/** A provider that also passes on what only some nodes know. */
export type ChainNode = Provider & { send(method: string, params: unknown[]): Promise<unknown> };

export interface DeployTools {
  readonly provider: ChainNode;
  /** The same node, signing for `sender`. */
  readonly node: EIP1193Provider;
  readonly sender: string;
  readonly artifacts: Artifacts;
  /** Folder of Ignition's journal: what it needs to go on after an interruption. */
  readonly journal: string;
  readonly confirmations: number;
  readonly pollMs: number;
  readonly onProgress: (text: string) => void;
}

/** Times that transactions of an earlier run, which failed or were not mined in time, are tried again. */
const TRIES = 3;
/** Longest wait for transactions of this key that are already under way. */
const SETTLE_MS = 10 * 60_000;

/** Futures that are done. */
export async function doneIn(journal: string, artifacts: Artifacts): Promise<ReadonlySet<string>> {
  if (!existsSync(journal)) return new Set();
  return new Set((await status(journal, artifacts)).successful);
}

/** Waits until everything that this key has sent has its confirmations: Ignition refuses to start before. */
async function settle({ provider, sender, confirmations, pollMs, onProgress }: DeployTools): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const head = await provider.getBlockNumber();
    const [pending, safe] = await Promise.all([
      provider.getTransactionCount(sender, "pending"),
      provider.getTransactionCount(sender, Math.max(0, head - confirmations + 1)),
    ]);
    if (pending === safe) return;
    if (Date.now() > deadline) {
      throw new TouchstoneError(
        "DEPLOYMENT_PENDING",
        `${pending - safe} transactions of ${sender} are not confirmed.`,
        {
          next: "Run the command again when they are.",
          retryable: true,
        },
      );
    }
    onProgress(`waiting for ${pending - safe} earlier transactions of ${sender}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** What keeps a deployment from its goal, as one sentence each. */
function problemsOf(result: Exclude<DeploymentResult, { type: DeploymentResultType.SUCCESSFUL_DEPLOYMENT }>): string[] {
  if (result.type === DeploymentResultType.EXECUTION_ERROR) {
    return [
      ...result.failed.map(({ futureId, error }) => `${futureId} failed: ${error}`),
      ...result.timedOut.map(({ futureId }) => `${futureId} was not mined in time`),
      ...result.started.map((futureId) => `${futureId} has not finished`),
      ...result.held.map(({ futureId, reason }) => `${futureId} is held: ${reason}`),
    ];
  }
  return Object.entries(result.errors).flatMap(([id, errors]) => errors.map((error) => `${id}: ${error}`));
}

/** Tells when a transaction is done; everything else of Ignition's many events is passed over. */
const listener = (onProgress: DeployTools["onProgress"]): ExecutionEventListener =>
  new Proxy({} as ExecutionEventListener, {
    get: (_, event) => (details: { futureId?: string }) => {
      if (/^(deployment|call)ExecutionStateComplete$/.test(String(event))) onProgress(`${details.futureId}: done`);
      return Promise.resolve();
    },
  });

/**
 * Brings a module to its goal, from whatever an earlier run left: lost transactions are looked up, failed ones tried again,
 * what is done stays. Doing it again changes nothing.
 * @returns addresses by the names that the module exports.
 * @throws TouchstoneError `DEPLOYMENT_CHANGED` where the journal is of other parameters, `DEPLOYMENT_FAILED`.
 */
export async function deployModule(
  tools: DeployTools,
  module: IgnitionModule,
  parameters: DeploymentParameters,
): Promise<Record<string, string>> {
  const { node, sender, artifacts, journal, confirmations, pollMs, onProgress } = tools;
  mkdirSync(journal, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const { found, forgotten } = await recoverLost(tools);
    for (const id of found) onProgress(`${id}: found on the chain`);
    for (const id of forgotten) onProgress(`${id}: was never sent, goes out again`);
    await settle(tools);
    const result = await deploy({
      config: { requiredConfirmations: confirmations, blockPollingInterval: pollMs },
      artifactResolver: artifacts,
      provider: node,
      executionEventListener: listener(onProgress),
      deploymentDir: journal,
      ignitionModule: module,
      deploymentParameters: parameters,
      accounts: [sender],
      defaultSender: sender,
    });
    if (result.type === DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
      const named = Object.entries(module.results).map(([name, { id }]) => [name, result.contracts[id]?.address ?? ""]);
      return Object.fromEntries(named) as Record<string, string>;
    }
    const problems = problemsOf(result);
    if (result.type === DeploymentResultType.RECONCILIATION_ERROR) {
      throw new TouchstoneError("DEPLOYMENT_CHANGED", `This is not what the journal began: ${problems.join("; ")}`, {
        next: "Deploy with the parameters and the code of the first run, or begin anew after `touchstone deploy retire`.",
      });
    }
    if (result.type === DeploymentResultType.VALIDATION_ERROR || attempt === TRIES) {
      throw new TouchstoneError("DEPLOYMENT_FAILED", `The deployment stopped: ${problems.join("; ")}`, {
        next: "Mend the cause and run the command again: it goes on where it stopped.",
      });
    }
    // What failed has changed nothing on the chain: it is forgotten and sent again.
    const again =
      result.type === DeploymentResultType.EXECUTION_ERROR
        ? [...result.failed, ...result.timedOut].map(({ futureId }) => futureId)
        : Object.keys(result.errors);
    for (const id of again) await wipe(journal, artifacts, id);
    onProgress(`trying again: ${problems.join("; ")}`);
  }
}
