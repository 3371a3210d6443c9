import type { Command } from "commander";
import { ZeroAddress } from "ethers";
import type { Logger } from "pino";

import { runRole, untilStopped } from "../../chain/role.js";
import { createEvidencer } from "../../dispute/evidence.js";
import { createGuard } from "../../dispute/guard.js";
import { TouchstoneError } from "../../errors.js";
import type { PreparedModel } from "../../models/prepared.js";
import { createRuntimePool, type RuntimeSettings } from "../../runtime/pool.js";
import { vetInChild } from "../../runtime/vet.js";
import { openState, roleState } from "../../store/state.js";
import { serveBeside, type HttpOptions, type Listen } from "../../http/server.js";
import { createIntake, createIntakeServer } from "../../watchtower/intake.js";
import { createWatcher } from "../../watchtower/watcher.js";
import { auditedAbove, nativeAnswerer } from "../../worker/answer.js";
import { createEndpoint } from "../../worker/endpoint.js";
import { createInferService, type Service } from "../../worker/infer.js";
import { createWorker } from "../../worker/worker.js";
import type { Context } from "../context.js";
import { hashPool } from "../hashing.js";
import { address, amount, duration, id, integer, listen, named, type Named } from "../parse.js";

interface RoleFlags extends RuntimeSettings {
  readonly poll: number;
  readonly state?: string;
  readonly listen?: Listen;
  readonly maxBody: number;
}

interface WorkerFlags extends RoleFlags {
  readonly auditAbove: bigint;
  readonly serve: readonly Named<bigint>[];
  readonly reserve: bigint;
  readonly reserveFor: number;
  readonly minDeposit: bigint;
  readonly currency: string;
  readonly concurrency: number;
  readonly collectFrom: bigint;
}

/** Receipts that may wait to be checked by a watcher. */
const INTAKE_LIMIT = 10_000;
/** Longest time to receive a request. */
const REQUEST_MS = 30_000;
const MIB = 1024 * 1024;

const OPTIMISATIONS: readonly string[] = ["disabled", "basic", "extended", "all"];
const ENGINES: readonly string[] = ["native", "wasm"];

function oneOf(allowed: readonly string[]): (text: string) => string {
  return (text) => {
    if (allowed.includes(text)) return text;
    throw new TouchstoneError("OPTION_INVALID", `"${text}" is not one of ${allowed.join(", ")}.`);
  };
}

function withRoleOptions(command: Command): Command {
  return command
    .option("--engine <name>", `runtime: ${ENGINES.join(" or ")}`, oneOf(ENGINES), "native")
    .option("--provider <name>", "execution provider of the native runtime: cpu, cuda, ...", "cpu")
    .option("--threads <n>", "threads inside one operator", integer, 1)
    .option("--optimisation <level>", OPTIMISATIONS.join(", "), oneOf(OPTIMISATIONS), "all")
    .option("--poll <ms>", "pause between looks at the chain", integer, 1_000)
    .option("--listen <host:port>", "serve HTTP here", listen)
    .option("--max-body <MiB>", "largest HTTP request", integer, 16)
    .option("--state <file>", "state file (default: under TOUCHSTONE_HOME)");
}

/** Tells that the audit machine answers instead of the native runtime. */
function warnOfRefusals(log: Logger): (model: PreparedModel, reason: unknown) => void {
  return ({ contentId }, err) => {
    log.warn({ event: "native-refused", contentId, err }, "no native answer: the audit machine gives it");
  };
}

const httpOptions = (flags: RoleFlags, log: Logger): HttpOptions => ({
  bodyLimit: flags.maxBody * MIB,
  timeoutMs: REQUEST_MS,
  log,
});

function serviceOf(flags: WorkerFlags): Service {
  const prices = new Map(flags.serve.map(({ name, value }) => [id(name), value]));
  const { currency, reserve: lock, minDeposit, reserveFor, concurrency } = flags;
  return { prices, currency, lock, minDeposit, duration: reserveFor, concurrency };
}

export function roleCommands(program: Command, context: () => Context): void {
  const worker = program.command("worker").description("answer jobs and paid requests for an operator");
  withRoleOptions(worker.command("run").description("answer jobs and requests, defend the answers, collect the fees"))
    .option("--serve <modelId=price>", "with --listen: a model to serve, and the price of an answer", named(amount), [])
    .option(
      "--reserve <tokens>",
      "with --listen: stake behind each reservation that is offered",
      amount,
      50n * 10n ** 18n,
    )
    .option("--reserve-for <time>", "with --listen: how long a reservation lasts", duration, 7 * 86_400)
    .option("--min-deposit <coins>", "with --listen: least deposit for a reservation", amount, 10n ** 15n)
    .option("--currency <token>", "with --listen: what payers pay in (default: the native coin)", address, ZeroAddress)
    .option("--concurrency <n>", "with --listen: most requests at work", integer, 16)
    .option("--collect-from <coins>", "collect vouchers when one pays this much", amount, 10n ** 16n)
    .option(
      "--audit-above <tokens>",
      "answer jobs that lock more than this, and requests on reservations of more, with the audit machine",
      amount,
      amount("1000"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  TOUCHSTONE_KEYSTORE=worker.json npx touchstone worker run --listen 127.0.0.1:8700 --serve 0x12..ef=0.00001",
    )
    .action(async (flags: WorkerFlags) => {
      const { settings, log: logger, ...rest } = context();
      const [suite, sender, catalogue] = [await rest.suite(), await rest.sender(), await rest.catalogue()];
      const log = logger("worker");
      const operator = await suite.profiles.operatorOf(sender.address);
      if (BigInt(operator) === 0n) {
        throw new TouchstoneError("NOT_A_WORKER", `${sender.address} is not the worker of any operator.`, {
          next: "Name it with `touchstone operator worker <address>` from the owner's key.",
        });
      }
      const state = openState(flags.state ?? roleState(settings.home, "worker", sender.address));
      const hashing = hashPool(log);
      const evidencer = createEvidencer(catalogue, hashing);
      const guard = createGuard({ suite, sender, state, evidencer, log });
      const native = nativeAnswerer(createRuntimePool<PreparedModel>(flags, vetInChild), warnOfRefusals(log));
      const lockOf = async (claimId: string): Promise<bigint> => (await suite.jobs.job(claimId)).lock;
      const answer = auditedAbove(flags.auditAbove, lockOf, native);
      const answerRequest = auditedAbove(flags.auditAbove, () => Promise.resolve(flags.reserve), native);
      const signal = untilStopped();
      const signer = await rest.signer();
      const parts = { suite, state, catalogue, operator, log };
      const infer = createInferService({ ...parts, answer: answerRequest, signer, service: serviceOf(flags) });
      const { pass } = createWorker({ ...parts, answer, sender, guard, collectFrom: flags.collectFrom });
      log.info({ event: "started", operator, worker: sender.address }, "worker started");
      await serveBeside(createEndpoint(infer, httpOptions(flags, log)), { at: flags.listen, log, signal });
      await runRole({ pass, log, pollMs: flags.poll, signal });
      state.close();
      await hashing.close();
      log.info({ event: "stopped" }, "worker stopped");
    });

  withRoleOptions(
    program
      .command("watch")
      .description("re-run published answers and receipts, challenge wrong ones, refute false challenges"),
  )
    .addHelpText("after", "\nExample:\n  TOUCHSTONE_KEYSTORE=watcher.json npx touchstone watch --listen 127.0.0.1:8701")
    .action(async (flags: RoleFlags) => {
      const { settings, log: logger, ...rest } = context();
      const [suite, sender, catalogue] = [await rest.suite(), await rest.sender(), await rest.catalogue()];
      const log = logger("watcher");
      const state = openState(flags.state ?? roleState(settings.home, "watcher", sender.address));
      const hashing = hashPool(log);
      const evidencer = createEvidencer(catalogue, hashing);
      const guard = createGuard({ suite, sender, state, evidencer, log });
      const watcher = createWatcher({
        suite,
        sender,
        state,
        catalogue,
        evidencer,
        guard,
        runtime: createRuntimePool<PreparedModel>(flags, vetInChild),
        log,
      });
      const signal = untilStopped();
      log.info({ event: "started", watcher: sender.address }, "watcher started");
      const intake = createIntake({ suite, state, catalogue, limit: INTAKE_LIMIT });
      await serveBeside(createIntakeServer(intake, httpOptions(flags, log)), { at: flags.listen, log, signal });
      await runRole({ pass: watcher.pass, log, pollMs: flags.poll, signal });
      state.close();
      await hashing.close();
      log.info({ event: "stopped" }, "watcher stopped");
    });
}
