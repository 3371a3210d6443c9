import { randomInt } from "node:crypto";

import type { Command } from "commander";
import { BaseWallet } from "ethers";
import type { Logger } from "pino";

import { runRole } from "../../chain/role.js";
import { TouchstoneError } from "../../errors.js";
import { serveBeside } from "../../http/server.js";
import type { PreparedModel } from "../../models/prepared.js";
import { countBuffersAsHeap } from "../../runtime/heap.js";
import { createRuntimePool, type RuntimeSettings } from "../../runtime/pool.js";
import { vetInChild } from "../../runtime/vet.js";
import { fleetAnswerer } from "../../fleet/answer.js";
import { createFleet } from "../../fleet/gateway.js";
import { auditedAbove, nativeAnswerer } from "../../worker/answer.js";
import { keyElsewhere, receiptKey } from "../../receipts/keys.js";
import { createEndpoint } from "../../worker/endpoint.js";
import { createInferService, type Service } from "../../worker/infer.js";
import { createSelfTest } from "../../worker/self-test.js";
import { createChainView } from "../../worker/view.js";
import { createWorker, type Answerer } from "../../worker/worker.js";
import type { Context } from "../context.js";
import { amount, amountOption, currencyOption, duration, id, integer, named, type Named } from "../parse.js";
import { hostCommand } from "./host.js";
import {
  httpOptions,
  openRole,
  withRoleOptions,
  withRuntimeOptions,
  withSessionOptions,
  type RoleFlags,
} from "../role.js";

interface WorkerFlags extends RoleFlags, RuntimeSettings {
  readonly auditAbove: bigint;
  readonly serve: readonly Named<bigint>[];
  readonly reserve: bigint;
  readonly reserveFor: number;
  readonly minDeposit: bigint;
  readonly currency: string;
  readonly concurrency: number;
  readonly collectFrom: bigint;
  readonly selfTest: number;
  readonly queueDepth: number;
  readonly queueWait: number;
}

/** How often it is asked whether a self-test is due. */
const SELF_TEST_LOOK_MS = 10_000;

/** Tells that the audit machine answers instead of the native runtime. */
function warnOfRefusals(log: Logger): (model: PreparedModel, reason: unknown) => void {
  return ({ contentId }, err) => {
    log.warn({ event: "native-refused", contentId, err }, "no native answer: the audit machine gives it");
  };
}

function serviceOf(flags: WorkerFlags): Service {
  const prices = new Map(flags.serve.map(({ name, value }) => [id(name), value]));
  const { currency, reserve: lock, minDeposit, reserveFor, concurrency } = flags;
  return { prices, currency, lock, minDeposit, duration: reserveFor, concurrency };
}

export function workerCommands(program: Command, context: () => Context): void {
  const worker = program.command("worker").description("answer jobs and paid requests for an operator");
  const run = worker.command("run").description("answer jobs and requests, defend the answers, collect the fees");
  hostCommand(worker, context);
  withRoleOptions(withSessionOptions(withRuntimeOptions(run)))
    .option("--serve <modelId=price>", "with --listen: a model to serve, and the price of an answer", named(amount), [])
    .addOption(amountOption("--reserve <tokens>", "with --listen: stake behind each reservation that is offered", "50"))
    .option("--reserve-for <time>", "with --listen: how long a reservation lasts", duration, 7 * 86_400)
    .addOption(amountOption("--min-deposit <coins>", "with --listen: least deposit for a reservation", "0.001"))
    .addOption(currencyOption("with --listen: what payers pay in"))
    .option("--concurrency <n>", "with --listen: most requests at work", integer, 16)
    .addOption(amountOption("--collect-from <coins>", "collect vouchers when one pays this much", "0.01"))
    .option(
      "--self-test <time>",
      "pause between comparisons of native answers with the audit machine's",
      duration,
      3_600,
    )
    .option(
      "--queue-depth <n>",
      "with TOUCHSTONE_QUEUE_URL: most requests that wait for inference hosts",
      integer,
      1_024,
    )
    .option("--queue-wait <time>", "with TOUCHSTONE_QUEUE_URL: longest time for a host's answer", duration, 30)
    .addOption(
      amountOption(
        "--audit-above <tokens>",
        "answer jobs that lock more than this, and requests on reservations of more, with the audit machine",
        "1000",
      ),
    )
    .addHelpText(
      "after",
      "\nExample:\n  TOUCHSTONE_KEYSTORE=worker.json npx touchstone worker run --listen 127.0.0.1:8700 --serve 0x12..ef=0.00001",
    )
    .action(async (flags: WorkerFlags) => {
      countBuffersAsHeap();
      const role = await openRole(context(), "worker", flags);
      const { suite, sender, signer, catalogue, metrics, log, signal } = role;
      const operator = await suite.profiles.operatorOf(sender.address);
      if (BigInt(operator) === 0n) {
        throw new TouchstoneError("NOT_A_WORKER", `${sender.address} is not the worker of any operator.`, {
          next: "Name it with `touchstone operator worker <address>` from the owner's key.",
        });
      }
      const { queue } = context().settings;
      const selfTest = createSelfTest({
        ...{ log, metrics, seed: randomInt(2 ** 31), everyMs: flags.selfTest * 1_000 },
        // A gateway must hear its hosts, also while it answers by itself.
        runtime: createRuntimePool<PreparedModel>({ ...flags, offThread: queue !== undefined }, vetInChild),
      });
      const embedded = nativeAnswerer((model) => selfTest.runtime(model), warnOfRefusals(log));
      const limits = { deadlineMs: flags.queueWait * 1_000, depth: flags.queueDepth };
      const fleet = queue && createFleet({ urls: queue, log, metrics, ...limits });
      const native = (mayRefuse: boolean): Answerer =>
        fleet === undefined ? embedded : fleetAnswerer({ fleet, embedded, mayRefuse, log, metrics });
      const lockOf = async (claimId: string): Promise<bigint> => (await suite.jobs.job(claimId)).lock;
      const answer = auditedAbove(flags.auditAbove, lockOf, native(false));
      const answerRequest = auditedAbove(flags.auditAbove, () => Promise.resolve(flags.reserve), native(true));
      const infer = createInferService({
        ...{ ...role, operator, worker: sender.address, answer: answerRequest, service: serviceOf(flags) },
        view: createChainView(suite, operator),
        key: signer instanceof BaseWallet ? receiptKey(signer.privateKey) : keyElsewhere(signer),
        maintenance: (model) => (fleet?.serves(model.contentId) === true ? undefined : selfTest.maintenance(model)),
      });
      const { pass } = createWorker({ ...role, operator, answer, collectFrom: flags.collectFrom });
      log.info({ event: "started", operator, worker: sender.address }, "worker started");
      // Loaded, tested and warm before the first request.
      for (const modelId of infer.models()) await selfTest.runtime(await catalogue.get(modelId)).catch(() => undefined);
      const server = createEndpoint(infer, httpOptions(role, flags, 2 * flags.concurrency));
      const drained = await serveBeside(server, { at: flags.listen, log, signal });
      const repeating = setInterval(() => void selfTest.repeat(), SELF_TEST_LOOK_MS);
      await runRole({ pass, log, pollMs: flags.poll, signal, metrics });
      clearInterval(repeating);
      await drained();
      await fleet?.close();
      await role.close();
    });
}
