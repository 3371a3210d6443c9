import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { getVerificationInformation } from "@nomicfoundation/ignition-core";
import { Interface } from "ethers";

import type { Artifacts } from "./artifacts.js";
import type { Placed } from "./check.js";

/** What a verifier of sources needs of one contract; each service's own names for it. */
export interface Payload {
  readonly contract: string;
  readonly address: string;
  readonly standardJson: object;
  /** Form fields that Etherscan and Blockscout take, `action=verifysourcecode`. */
  readonly explorer: Readonly<Record<string, string>>;
  /** Body for Sourcify's `v2/verify/<chain>/<address>`. */
  readonly sourcify: Readonly<Record<string, unknown>>;
}

/** Where a contract's creation is known to the journal. */
interface Creation {
  readonly args: readonly unknown[];
  readonly transaction?: string;
}

async function creationsIn(journal: string): Promise<Map<string, Creation>> {
  const creations = new Map<string, Creation>();
  for await (const info of getVerificationInformation(journal)) {
    if (typeof info === "string") continue;
    const { address, constructorArgs, creationTxHash } = info;
    creations.set(address.toLowerCase(), {
      args: constructorArgs,
      ...(creationTxHash === undefined ? {} : { transaction: creationTxHash }),
    });
  }
  return creations;
}

/**
 * Payloads to publish the sources of a deployment with. The standard JSON is the compiler's whole input: with fewer sources
 * the same code comes out in other bytes.
 * @param chainId of the chain it is deployed on
 */
export async function payloadsOf(tools: {
  readonly journal: string;
  readonly artifacts: Artifacts;
  readonly placed: readonly Placed[];
  readonly chainId: number;
}): Promise<Payload[]> {
  const { journal, artifacts, placed, chainId } = tools;
  const creations = await creationsIn(journal);
  return placed.map(({ contractName, address, creator }) => {
    const artifact = artifacts.read(contractName, creator);
    const { input, solcLongVersion } = artifacts.readBuildInfo(artifact) as unknown as {
      input: object;
      solcLongVersion: string;
    };
    const contract = `${artifact.inputSourceName ?? artifact.sourceName}:${contractName}`;
    const creation = creations.get(address.toLowerCase());
    // Contracts that another one made have their arguments in its code; services find them in the creating transaction.
    const args = creation === undefined ? "0x" : new Interface(artifact.abi as never).encodeDeploy(creation.args);
    return {
      contract,
      address,
      standardJson: input,
      explorer: {
        chainid: String(chainId),
        module: "contract",
        action: "verifysourcecode",
        contractaddress: address,
        sourceCode: JSON.stringify(input),
        codeformat: "solidity-standard-json-input",
        contractname: contract,
        compilerversion: `v${solcLongVersion}`,
        constructorArguments: args.slice(2),
      },
      sourcify: {
        stdJsonInput: input,
        compilerVersion: solcLongVersion,
        contractIdentifier: contract,
        ...(creation?.transaction === undefined ? {} : { creationTransactionHash: creation.transaction }),
      },
    };
  });
}

/** Writes a folder for each way to publish: the compiler's input for an upload by hand, and what services take. */
export function writePayloads(folder: string, payloads: readonly Payload[]): void {
  for (const way of ["standardJson", "explorer", "sourcify"] as const) {
    mkdirSync(join(folder, way), { recursive: true });
    for (const payload of payloads) {
      const name = payload.contract.slice(payload.contract.lastIndexOf(":") + 1);
      writeFileSync(join(folder, way, `${name}.json`), `${JSON.stringify(payload[way])}\n`);
    }
  }
}
