import { join } from "node:path";

import { type Command, Option } from "commander";
import { formatEther } from "ethers";
import type { Logger } from "pino";
import type { Gauge } from "prom-client";

import type { KeySigner } from "../chain/keys.js";
import { dryRun, spendGas, withinBudget, type Ledger } from "../chain/limits.js";
import { explainRefusal } from "../chain/refusals.js";
import { untilStopped } from "../chain/role.js";
import { createSender, type Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { createAlerts } from "../alerts.js";
import { secretUrls, type Settings } from "../config/settings.js";
import { createEvidencer, type Evidencer } from "../dispute/evidence.js";
import { createGuard, type Guard } from "../dispute/guard.js";
import { internalError, TouchstoneError } from "../errors.js";
import type { HttpOptions, Listen } from "../http/server.js";
import { createLogger } from "../log.js";
import type { Metrics } from "../metrics.js";
import { createRedactor } from "../printable.js";
import type { Catalogue } from "../models/catalogue.js";
import { lockFile } from "../store/lock.js";
import { openState, roleState, type RoleName, type State } from "../store/state.js";
import type { Context } from "./context.js";
import { hashPool } from "./hashing.js";
import { amount, count, integer, listen } from "./parse.js";

/** Options of every long-running role. */
export interface RoleFlags {
  readonly poll: number;
  readonly state?: string;
  readonly listen?: Listen;
  readonly maxBody: number;
  readonly perMinute: number;
  readonly gasBudget?: bigint;
  readonly bondBudget?: bigint;
  readonly dryRun?: boolean;
}

const UNLIMITED = 2n ** 256n;
const ALERT_MS = 10_000;
/** A role that has not looked at the chain for so long can't be relied on. */
const STALE_SECONDS = 60;
/** Longest time to receive a request. */
const REQUEST_MS = 30_000;
const MIB = 1024 * 1024;

const OPTIMISATIONS: readonly string[] = ["disabled", "basic", "extended", "all"];
const ENGINES: readonly string[] = ["native", "wasm"];

/** Options of roles that run models natively. */
export function withRuntimeOptions(command: Command): Command {
  return command
    .addOption(new Option("--engine <name>", "runtime").choices(ENGINES).default("native"))
    .option("--provider <name>", "execution provider of the native runtime: cpu, cuda, ...", "cpu")
    .option("--threads <n>", "threads inside one operator", integer, 1)
    .addOption(new Option("--optimisation <level>", "of the model's graph").choices(OPTIMISATIONS).default("all"));
}

/** Options of what answers many requests. */
export function withSessionOptions(command: Command): Command {
  return command
    .option("--sessions <n>", "native sessions of each model, each with its own --threads", count, 1)
    .option("--batch <n>", "most waiting requests that run together, where the model allows it", count, 4);
}

export function withRoleOptions(command: Command): Command {
  return command
    .option("--poll <ms>", "pause between looks at the chain", integer, 1_000)
    .option("--listen <host:port>", "serve HTTP here", listen)
    .option("--max-body <MiB>", "largest HTTP request", integer, 16)
    .option("--per-minute <n>", "HTTP requests of one address in a minute", integer, 6_000)
    .option("--gas-budget <coins>", "most to spend on gas in a day (UTC)", amount)
    .option("--bond-budget <coins>", "most to put into bonds and prices of demands in a day (UTC)", amount)
    .option("--state <file>", "state file (default: under TOUCHSTONE_HOME)");
}

/** @param inFlight most requests with bodies at a time */
export function httpOptions({ log, metrics, signal }: Role, flags: RoleFlags, inFlight: number): HttpOptions {
  const staleSeconds = Math.max(STALE_SECONDS, (10 * flags.poll) / 1_000);
  const valueOf = async (gauge: Gauge): Promise<number> => (await gauge.get()).values[0]?.value ?? 0;
  return {
    ...{ log, metrics, bodyLimit: flags.maxBody * MIB, timeoutMs: REQUEST_MS, perMinute: flags.perMinute },
    maxInFlight: inFlight,
    health: async () => {
      const [head, lastPass] = await Promise.all([valueOf(metrics.head), valueOf(metrics.lastPass)]);
      const secondsSincePass = lastPass === 0 ? null : Math.round(Date.now() / 1_000 - lastPass);
      const state = { head, secondsSincePass };
      if (signal.aborted) return { ok: false, reason: "stopping", ...state };
      const isStale = secondsSincePass === null || secondsSincePass > staleSeconds;
      return isStale ? { ok: false, reason: "the chain is not followed", ...state } : { ok: true, ...state };
    },
  };
}

/** The log of a role, which goes to a webhook as well where one is set. */
export function roleLogger(settings: Settings, role: string): Logger {
  const { alertUrl, logLevel } = settings;
  const urls = secretUrls();
  const redact = createRedactor(urls);
  if (alertUrl === undefined) return createLogger(role, logLevel, { urls });
  const alerts = createAlerts({
    ...{
      url: new URL(alertUrl),
      role,
      now: Date.now,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    post: async (url, body) => {
      const headers = { "content-type": "application/json" };
      const { ok, status } = await fetch(url, {
        method: "POST",
        headers,
        body: redact(body),
        signal: AbortSignal.timeout(ALERT_MS),
      });
      if (!ok) throw new TouchstoneError("ALERT_REFUSED", `The webhook answered ${status}.`);
    },
    onFailure: (message) => log.warn({ event: "alert-lost" }, message),
  });
  const log: Logger = createLogger(role, logLevel, {
    urls,
    see: (level, line, message) => alerts.see(level, line, message),
  });
  return log;
}

const isLimited = ({ gasBudget, bondBudget }: RoleFlags): boolean =>
  gasBudget !== undefined || bondBudget !== undefined;
const ledgerOf = (state: State): Ledger => state.collection("spending");

/** The sender, within the day's budgets; or one that sends nothing. */
function limited(
  sender: Sender,
  { suite, state, log }: Pick<Role, "suite" | "state" | "log">,
  flags: RoleFlags,
): Sender {
  const { gasBudget: gas = UNLIMITED, bondBudget: value = UNLIMITED } = flags;
  const { provider, abi } = suite;
  if (flags.dryRun === true) {
    return dryRun(sender, {
      simulate: async (transaction) => {
        try {
          return await provider.estimateGas({ ...transaction, from: sender.address });
        } catch (thrown) {
          throw explainRefusal(abi, sender.address, thrown);
        }
      },
      onSend: (transaction, estimate) => {
        const call = abi.parseTransaction(transaction)?.name;
        const worth = (transaction.value ?? 0n).toString();
        log.warn({ event: "would-send", call, value: worth, gas: estimate.toString() }, "dry run: not sent");
      },
    });
  }
  if (!isLimited(flags)) return sender;
  return withinBudget(sender, { provider, budget: { gas, value }, ledger: ledgerOf(state) });
}

/** What a long-running role works with. */
export interface Role {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly signer: KeySigner;
  readonly state: State;
  readonly catalogue: Catalogue;
  readonly evidencer: Evidencer;
  readonly guard: Guard;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Aborts when the role is told to stop. */
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

/**
 * Opens the state of a role, and holds its key: two processes with one key would take each other's nonces, and each would know half.
 * @throws TouchstoneError `IN_USE`, `STATE_FOREIGN`.
 */
export async function openRole(context: Context, role: Exclude<RoleName, "client">, flags: RoleFlags): Promise<Role> {
  const { settings } = context;
  const [suite, signer, catalogue] = [await context.suite(), await context.signer(), await context.catalogue()];
  const { address } = signer;
  const [log, metrics] = [roleLogger(settings, role), context.metrics()];
  const path = flags.state ?? roleState(settings.home, role, address);
  const locks = [
    lockFile(join(settings.home, "state", `${address}.lock`), `The key ${address}`),
    lockFile(`${path}.lock`, `The state file ${path}`),
  ];
  const state = openState(path);
  const genesis = await suite.provider.getBlock(0);
  if (genesis === null) throw internalError("the chain has no first block");
  const { chainId, challenges } = suite.deployment;
  state.bind({ role, account: address, chain: `${chainId} ${genesis.hash}`, deployment: challenges });
  const own = createSender({
    provider: suite.provider,
    signer,
    errors: suite.abi,
    journal: state.collection("flight"),
    log,
    onMined: ({ status, fee }) => {
      metrics.transactions.inc({ status: status === 1 ? "done" : "reverted" });
      metrics.spent.inc(Number(formatEther(fee)));
      if (isLimited(flags)) spendGas(ledgerOf(state), fee);
    },
  });
  const sender = limited(own, { suite, state, log }, flags);
  const hashing = hashPool(log);
  const evidencer = createEvidencer(catalogue, hashing);
  const guard = createGuard({ suite, sender, state, evidencer, log, metrics });
  const signal = untilStopped();
  await sender.recover();
  return {
    ...{ suite, sender, signer, state, catalogue, evidencer, guard, log, metrics, signal },
    close: async () => {
      state.close();
      await hashing.close();
      for (const unlock of locks) unlock();
      log.info({ event: "stopped" }, `${role} stopped`);
    },
  };
}
