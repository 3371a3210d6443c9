import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import type { Artifact, ArtifactResolver, BuildInfo, ImmutableReferences } from "@nomicfoundation/ignition-core";

import { TouchstoneError } from "../errors.js";

/** What the compiler made, as a deployment needs it: Ignition's resolver, and artifacts without waiting. */
export interface Artifacts extends ArtifactResolver {
  /**
   * @param creator the contract that has this one's code in its own and makes it: compiled with it, the code is other than
   * that of the contract alone.
   */
  read(contractName: string, creator?: string): Artifact;
  readBuildInfo(artifact: Artifact): BuildInfo;
}

/** What is used of a compiler's output. */
interface Output {
  readonly contracts: Readonly<Record<string, Readonly<Record<string, { readonly evm: Code }>>>>;
}

interface Code {
  readonly bytecode: { readonly object: string };
  readonly deployedBytecode: { readonly object: string; readonly immutableReferences: ImmutableReferences };
}

/**
 * Reads the artifacts of a build.
 * @param folder `artifacts/` of this clone.
 */
export function createArtifacts(folder: string): Artifacts {
  const paths = new Map(
    globSync("contracts/**/*.json", { cwd: folder }).map((path) => [basename(path, ".json"), path] as const),
  );
  const known = new Map<string, Artifact>();

  function readOwn(contractName: string): Artifact {
    const path = paths.get(contractName);
    if (path === undefined) {
      throw new TouchstoneError("ARTIFACT_MISSING", `${folder} has no compiled contract ${contractName}.`, {
        next: "Compile the contracts: `npm run setup`.",
      });
    }
    return JSON.parse(readFileSync(join(folder, path), "utf8")) as Artifact;
  }

  /** The contract as it came out of the compilation of its creator. */
  function readWithin(contractName: string, creator: string): Artifact {
    const [own, host] = [read(contractName), read(creator)];
    const path = join(folder, "build-info", `${host.buildInfoId}.output.json`);
    const { output } = JSON.parse(readFileSync(path, "utf8")) as { output: Output };
    const evm = output.contracts[own.inputSourceName ?? own.sourceName]?.[contractName]?.evm;
    if (evm === undefined || host.buildInfoId === undefined) {
      throw new TouchstoneError("ARTIFACT_MISSING", `${creator} was compiled without ${contractName}.`, {
        next: "Compile the contracts again: `npm run setup`.",
      });
    }
    return {
      ...own,
      bytecode: `0x${evm.bytecode.object}`,
      deployedBytecode: `0x${evm.deployedBytecode.object}`,
      immutableReferences: evm.deployedBytecode.immutableReferences,
      buildInfoId: host.buildInfoId,
    };
  }

  function read(contractName: string, creator?: string): Artifact {
    const key = `${contractName} ${creator ?? ""}`;
    const artifact =
      known.get(key) ?? (creator === undefined ? readOwn(contractName) : readWithin(contractName, creator));
    known.set(key, artifact);
    return artifact;
  }

  function readBuildInfo({ contractName, buildInfoId }: Artifact): BuildInfo {
    if (buildInfoId === undefined) {
      throw new TouchstoneError("ARTIFACT_MISSING", `${contractName} was compiled without a record of its sources.`, {
        next: "Compile the contracts again: `npm run setup`.",
      });
    }
    return JSON.parse(readFileSync(join(folder, "build-info", `${buildInfoId}.json`), "utf8")) as BuildInfo;
  }

  return {
    read,
    readBuildInfo,
    loadArtifact: (name) => Promise.resolve(read(name)),
    getBuildInfo: (name) => Promise.resolve(readBuildInfo(read(name))),
  };
}
