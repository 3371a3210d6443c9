import { existsSync, globSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { formatEther, type Provider, ZeroAddress } from "ethers";

import { connectSuite, chainIdOf, createProvider, type Suite } from "../chain/suite.js";
import { deploymentPath, readDeployment } from "../chain/deployment.js";
import type { Settings } from "../config/settings.js";
import { TouchstoneError, messageOf } from "../errors.js";
import { availableProviders } from "../runtime/providers.js";

export type State = "ok" | "warn" | "fail";

/** One thing that a role needs. */
export interface Diagnosis {
  readonly check: string;
  readonly state: State;
  readonly found: string;
  /** What to do about it, where something is to be done. */
  readonly next?: string;
}

export interface DoctorOptions {
  readonly settings: Settings;
  /** Address of this process's key; throws what `loadKey` throws. */
  readonly address: () => Promise<string>;
  /** Ports that a role shall listen at. */
  readonly ports: readonly { readonly host: string; readonly port: number }[];
  readonly providers: readonly string[];
  /** Milliseconds since 1970, of this machine. */
  readonly now: () => number;
}

const NODE_MAJOR = 24;
/** Clients refuse receipts whose issue time is further from their chain's. */
const MAX_CLOCK_SECONDS = 60;
/** A head older than this: the node does not follow its chain. */
const STALE_SECONDS = 15 * 60;
/** Roles can work a while with this much. */
const LITTLE = 10n ** 16n;

const ok = (check: string, found: string): Diagnosis => ({ check, state: "ok", found });
const warn = (check: string, found: string, next: string): Diagnosis => ({ check, state: "warn", found, next });
const fail = (check: string, found: string, next: string): Diagnosis => ({ check, state: "fail", found, next });

function failed(check: string, thrown: unknown): Diagnosis {
  const next = thrown instanceof TouchstoneError ? thrown.next : undefined;
  return fail(check, messageOf(thrown), next ?? "Please report this.");
}

function versions(): Diagnosis {
  const major = Number(process.versions.node.split(".")[0]);
  const found = `Node ${process.versions.node}`;
  return major === NODE_MAJOR
    ? ok("versions", found)
    : warn("versions", found, "Run it as `npx touchstone`: it brings its own Node.");
}

/** Files with secrets that others can read. */
function exposed(settings: Settings): Diagnosis[] {
  const { keystore, passwordFile, privateKey } = settings.key;
  const files = [keystore, passwordFile].filter((path) => path !== undefined);
  const missing = files.filter((path) => !existsSync(path));
  if (missing.length > 0) {
    return [
      fail(
        "key files",
        `${missing.join(", ")} can't be found`,
        "Check TOUCHSTONE_KEYSTORE and TOUCHSTONE_KEYSTORE_PASSWORD_FILE.",
      ),
    ];
  }
  const open = files.filter((path) => (statSync(path).mode & 0o077) !== 0);
  if (open.length > 0) {
    return [fail("key files", `others can read ${open.join(", ")}`, `Run: chmod 600 ${open.join(" ")}`)];
  }
  if (keystore !== undefined) return [ok("key files", "encrypted, and yours alone")];
  return privateKey === undefined
    ? []
    : [warn("key files", "the key is in the environment", "Keep it in a keystore: `touchstone key new`.")];
}

async function clock(provider: Provider, now: number): Promise<Diagnosis> {
  const head = await provider.getBlock("latest");
  const ahead = (head?.timestamp ?? 0) - Math.floor(now / 1_000);
  const found = `block ${head?.number ?? 0}, ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} this machine`;
  if (ahead > MAX_CLOCK_SECONDS) {
    return warn("clock", found, "Set this machine's clock (NTP). On local chains time may run ahead: then it is fine.");
  }
  if (ahead < -STALE_SECONDS)
    return warn("clock", found, "The node does not follow its chain, or nobody mines: look at it.");
  return ok("clock", found);
}

async function deployed({ provider, deployment, hub, registry }: Suite): Promise<Diagnosis> {
  const addresses = Object.entries(deployment).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  const codes = await Promise.all(addresses.map(async ([name, at]) => [name, await provider.getCode(at)] as const));
  const empty = codes.filter(([, code]) => code === "0x").map(([name]) => name);
  if (empty.length > 0) {
    return fail(
      "deployment",
      `no contract at ${empty.join(", ")}`,
      "The address book is of another chain: deploy, or set TOUCHSTONE_DEPLOYMENT.",
    );
  }
  if (!(await hub.isSealed()))
    return fail("deployment", "the hub is not sealed", "Run `touchstone deploy` again: it goes on.");
  if ((await registry.arbiterOf(1)) === ZeroAddress)
    return fail("deployment", "no format 1", "It is of another version.");
  if (await hub.isPaused()) return warn("deployment", "paused", "`touchstone hub` says until when.");
  return ok("deployment", `hub ${deployment.hub}`);
}

async function account({ provider, staking, profiles }: Suite, address: string): Promise<Diagnosis[]> {
  const [balance, answersFor] = await Promise.all([provider.getBalance(address), profiles.operatorOf(address)]);
  const coins = `${formatEther(balance)} coins`;
  const found: Diagnosis[] = [
    balance === 0n
      ? fail("balance", `${address} has nothing`, "Send it native coin.")
      : balance < LITTLE
        ? warn("balance", coins, "Send it native coin soon.")
        : ok("balance", coins),
  ];
  const operator = answersFor === ZeroAddress ? address : answersFor;
  const [{ active }, conduct, worker] = await Promise.all([
    staking.ownPool(operator),
    staking.conductOf(operator),
    profiles.workerOf(operator),
  ]);
  if (active === 0n) {
    found.push(
      warn("stake", `${operator} has none`, "Operators stake with `touchstone operator stake`; others need none."),
    );
  } else if (conduct.jailed) {
    found.push(fail("stake", `${operator} is in jail`, "When its time is served: `touchstone operator release`."));
  } else if (worker === ZeroAddress) {
    found.push(warn("stake", `${formatEther(active)} tokens, no worker`, "Name one: `touchstone operator worker`."));
  } else found.push(ok("stake", `${formatEther(active)} tokens of ${operator}, worker ${worker}`));
  return found;
}

/** Whether the manifests that lie in the store have their model files beside them; what they compile to `model verify` says. */
function models(home: string): Diagnosis {
  const folder = join(home, "models");
  const manifests = globSync("*/0x*.json", { cwd: folder });
  const lacking = manifests.filter((path) => !existsSync(join(folder, path, "..", "model.onnx")));
  if (lacking.length > 0) {
    return fail(
      "models",
      `no model.onnx beside ${lacking.join(", ")}`,
      "Fetch the files again: `touchstone model pull`.",
    );
  }
  return manifests.length === 0
    ? warn("models", `none in ${folder}`, "Publish one, or fetch one with `touchstone model pull`.")
    : ok("models", `${manifests.length} in ${folder}`);
}

function providers(wanted: readonly string[]): Diagnosis {
  const available = availableProviders();
  const lacking = wanted.filter((name) => !available.includes(name));
  const found = `${available.join(", ")} can be used`;
  return lacking.length === 0
    ? ok("providers", found)
    : fail(
        "providers",
        `${found}, not ${lacking.join(", ")}`,
        "Install onnxruntime-node with that provider, or use --provider cpu.",
      );
}

async function port({ host, port: number }: { host: string; port: number }): Promise<Diagnosis> {
  const check = `port ${host}:${number}`;
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) =>
      resolve(fail(check, error.message, "Stop what listens there, or listen elsewhere.")),
    );
    server.listen(number, host, () => server.close(() => resolve(ok(check, "free"))));
  });
}

/** Looks at everything that a role needs, without changing anything. Goes on after what fails. */
export async function diagnose({
  settings,
  address,
  ports,
  providers: wanted,
  now,
}: DoctorOptions): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [versions(), providers(wanted), models(settings.home), ...exposed(settings)];
  for (const each of ports) found.push(await port(each));
  let key: string | undefined;
  try {
    key = await address();
    found.push(ok("key", key));
  } catch (thrown) {
    found.push(failed("key", thrown));
  }
  let chainId: number;
  try {
    chainId = await chainIdOf(settings.rpcUrl);
    found.push(ok("node", `chain ${chainId} at ${new URL(settings.rpcUrl).host}`));
  } catch (thrown) {
    return [...found, failed("node", thrown)];
  }
  const provider = createProvider(settings.rpcUrl);
  found.push(await clock(provider, now()));
  try {
    const book = settings.deployment ?? deploymentPath(settings.home, chainId);
    const suite = connectSuite(provider, readDeployment(book, chainId));
    const contracts = await deployed(suite);
    found.push(contracts);
    if (key !== undefined && contracts.state !== "fail") found.push(...(await account(suite, key)));
  } catch (thrown) {
    found.push(failed("deployment", thrown));
  }
  return found;
}
