import { join } from "node:path";

import type { Command } from "commander";
import type { Logger } from "pino";

import { deploymentPath, readDeployment, requireDeployed } from "../chain/deployment.js";
import { type KeySigner, loadKey } from "../chain/keys.js";
import { createSender, type Sender } from "../chain/sender.js";
import { chainIdOf, connectSuite, createProvider, type Suite } from "../chain/suite.js";
import { readSettings, secretUrls, type Settings } from "../config/settings.js";
import { createCatalogue, type Catalogue } from "../models/catalogue.js";
import { createModelFiles, type ModelFiles } from "../models/files.js";
import { createLogger } from "../log.js";
import { createMetrics, type Metrics } from "../metrics.js";
import { createIo, type Io } from "./io.js";

/** What commands work with; each part is made when a command first asks for it. */
export interface Context {
  readonly settings: Settings;
  readonly io: Io;
  readonly files: ModelFiles;
  /** The address book's place for the node's chain. */
  deploymentFile(): Promise<string>;
  suite(): Promise<Suite>;
  /** This process's key, without a node. */
  wallet(): Promise<KeySigner>;
  /** This process's key, connected to the node. */
  signer(): Promise<KeySigner>;
  sender(): Promise<Sender>;
  catalogue(): Promise<Catalogue>;
  readonly log: (role: string) => Logger;
  /** What this process counts; only long-running roles show it. */
  metrics(): Metrics;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Options that every command takes stand on the program itself. */
export function createContext(program: Command): Context {
  const settings = readSettings();
  let made: Metrics | undefined;
  const metrics = (): Metrics => (made ??= createMetrics());
  const { json = false } = program.opts<{ json?: boolean }>();
  const files = createModelFiles(join(settings.home, "models"));
  const chainId = once(() => chainIdOf(settings.rpcUrl, settings.rpcOthers));
  const deploymentFile = once(async () => settings.deployment ?? deploymentPath(settings.home, await chainId()));
  const suite = once(async () => {
    const log = createLogger("rpc", settings.logLevel, { urls: secretUrls() });
    const provider = createProvider(settings.rpcUrl, {
      others: settings.rpcOthers,
      onFault: (fault) => {
        metrics().rpcFaults.inc({ endpoint: fault.endpoint, kind: fault.kind });
        log.warn({ event: "rpc-fault", ...fault }, `an endpoint ${fault.kind}`);
      },
    });
    const deployment = readDeployment(await deploymentFile(), await chainId());
    await requireDeployed(provider, deployment);
    return connectSuite(provider, deployment);
  });
  const wallet = once(() => loadKey(settings.key));
  const signer = once(async () => (await wallet()).connect((await suite()).provider));
  return {
    settings,
    io: createIo(json),
    files,
    deploymentFile,
    suite,
    wallet,
    signer,
    sender: once(async () => {
      const { provider, abi } = await suite();
      return createSender({ provider, signer: await signer(), errors: abi });
    }),
    catalogue: once(async () => createCatalogue(await suite(), files)),
    log: (role) => createLogger(role, settings.logLevel, { urls: secretUrls() }),
    metrics,
  };
}
