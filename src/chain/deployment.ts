import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Provider } from "ethers";
import { z } from "zod";

import { TouchstoneError, messageOf } from "../errors.js";
import { faultsOf } from "../faults.js";
import { writeWhole } from "../whole.js";

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

const schema = z.object({
  chainId: z.number().int().positive(),
  /** First block that can hold events of the suite. */
  block: z.number().int().nonnegative(),
  token: address,
  hub: address,
  registry: address,
  staking: address,
  /** Keys and terms of operators. */
  profiles: address,
  /** What delegators earn. */
  fees: address,
  arbiter: address,
  challenges: address,
  offers: address,
  jobs: address,
  receipts: address,
  lottery: address,
  /** Views for people. */
  accountLens: address,
  claimLens: address,
});

/** Where the suite's contracts live on one chain. */
export type Deployment = z.infer<typeof schema>;

/** The address book's place for a chain, under the suite's home folder. */
export const deploymentPath = (home: string, chainId: number): string => join(home, "deployments", `${chainId}.json`);

/**
 * Writes an address book.
 * @param deployment may name more contracts than the suite calls: they are written too.
 * @throws TouchstoneError `DEPLOYMENT_INVALID`.
 */
export function writeDeployment(path: string, deployment: Readonly<Record<string, string | number>>): void {
  const parsed = schema.loose().safeParse(deployment);
  if (!parsed.success) throw new TouchstoneError("DEPLOYMENT_INVALID", `${path}: ${faultsOf(parsed.error)}`);
  mkdirSync(dirname(path), { recursive: true });
  writeWhole(path, `${JSON.stringify(parsed.data, null, 2)}\n`);
}

/**
 * Whoever starts a local chain anew keeps the address book of the one before: calls would fail without a reason, and transactions to
 * addresses without code succeed and do nothing.
 * @throws TouchstoneError `DEPLOYMENT_ABSENT`
 */
export async function requireDeployed(provider: Pick<Provider, "getCode">, deployment: Deployment): Promise<void> {
  if ((await provider.getCode(deployment.hub)) !== "0x") return;
  throw new TouchstoneError(
    "DEPLOYMENT_ABSENT",
    `No contract of the suite is at ${deployment.hub} on chain ${deployment.chainId}.`,
    {
      next: "The chain was started anew, or the address book is another deployment's: run `touchstone deploy`, or set TOUCHSTONE_DEPLOYMENT.",
    },
  );
}

/** @throws TouchstoneError `DEPLOYMENT_UNKNOWN` or `DEPLOYMENT_INVALID`. */
export function readDeployment(path: string, chainId: number): Deployment {
  if (!existsSync(path)) {
    throw new TouchstoneError("DEPLOYMENT_UNKNOWN", `There is no address book for chain ${chainId} at ${path}.`, {
      next: "Run `touchstone deploy`, or point TOUCHSTONE_DEPLOYMENT to the address book of a deployment.",
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TouchstoneError("DEPLOYMENT_INVALID", `${path} is not JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new TouchstoneError("DEPLOYMENT_INVALID", `${path}: ${faultsOf(parsed.error)}`, {
      next: "Write it again with `touchstone deploy`.",
    });
  }
  if (parsed.data.chainId !== chainId) {
    throw new TouchstoneError(
      "DEPLOYMENT_FOREIGN",
      `${path} belongs to chain ${parsed.data.chainId}, the node is on chain ${chainId}.`,
      { next: "Check TOUCHSTONE_RPC_URL and TOUCHSTONE_DEPLOYMENT." },
    );
  }
  return parsed.data;
}
