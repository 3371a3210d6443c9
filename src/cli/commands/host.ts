import { randomInt } from "node:crypto";
import { hostname } from "node:os";

import { InvalidArgumentError, type Command } from "commander";
import type { Logger } from "pino";

import { untilStopped } from "../../chain/role.js";
import { messageOf, TouchstoneError } from "../../errors.js";
import { createInferenceHost } from "../../fleet/host.js";
import { createHttp, serveBeside, type Listen } from "../../http/server.js";
import type { ModelFiles } from "../../models/files.js";
import { prepareModel, type PreparedModel } from "../../models/prepared.js";
import { LARGEST_FILE, pullParts, SILENCE_MS, type ModelPlace } from "../../models/pull.js";
import { countBuffersAsHeap } from "../../runtime/heap.js";
import { createRuntimePool, type RuntimeSettings } from "../../runtime/pool.js";
import { vetInChild } from "../../runtime/vet.js";
import { createSelfTest } from "../../worker/self-test.js";
import type { Context } from "../context.js";
import { collect, duration, id, integer, listen, urls } from "../parse.js";
import { roleLogger, withRuntimeOptions, withSessionOptions } from "../role.js";

interface HostFlags extends RuntimeSettings {
  readonly serve: readonly string[];
  readonly fetch: readonly ModelPlace[];
  readonly from: readonly URL[];
  readonly gateway: readonly URL[];
  readonly concurrency: number;
  readonly name?: string;
  readonly selfTest: number;
  readonly listen?: Listen;
}

/** Requests by HTTP are operational only. */
const BODY_LIMIT = 1_024;
const REQUEST_MS = 10_000;

function places(text: string, previous: readonly ModelPlace[]): ModelPlace[] {
  const [sha256 = "", modelId = "", ...rest] = text.split("/");
  if (rest.length > 0) throw new InvalidArgumentError("Give <sha256>/<modelId>, as the gateway's store names them.");
  return [...previous, { sha256: id(sha256.replace(/^(0x)?/, "0x")), modelId: id(modelId) }];
}

/**
 * Fetches models into the store. Files are checked by their hashes; a manifest that makes another model of them makes one that no gateway asks
 * for, because gateways ask by content id. What cannot be fetched is served as it lies in the store, where it does.
 */
async function fetchModels(files: ModelFiles, { fetch, from, gateway }: HostFlags, log: Logger): Promise<void> {
  for (const place of fetch) {
    const { modelId } = place;
    try {
      const sources = { mirrors: from, gateways: gateway, limit: LARGEST_FILE, silenceMs: SILENCE_MS };
      const { manifest, pulled } = await pullParts(files, place, sources);
      files.saveManifest(modelId, manifest);
      const bytes = pulled.reduce((sum, file) => sum + (file.from === undefined ? 0 : (file.bytes ?? 0)), 0);
      log.info({ event: "model-fetched", modelId, bytes }, "a model is here");
    } catch (err) {
      log.error({ event: "model-not-fetched", modelId, err }, `not fetched: ${messageOf(err)}`);
    }
  }
}

/** Compiles what lies in the store: all of it, or what is named. Whatever cannot be used is told, and kept from nobody else. */
function modelsIn(files: ModelFiles, wanted: ReadonlySet<string>, log: Logger): PreparedModel[] {
  const models = new Map<string, PreparedModel>();
  for (const { hash, modelId } of files.list()) {
    if (wanted.size > 0 && !wanted.has(modelId)) continue;
    try {
      const { bytes, manifest, ...place } = files.load({ hash, modelId });
      const model = prepareModel(bytes, manifest, place);
      models.set(model.contentId, model);
    } catch (err) {
      log.error({ event: "model-unusable", modelId, err }, `not served: ${messageOf(err)}`);
    }
  }
  return [...models.values()];
}

export function hostCommand(worker: Command, context: () => Context): void {
  withSessionOptions(withRuntimeOptions(worker.command("host")))
    .description(
      "run models for a gateway (`worker run`) by way of the queue at TOUCHSTONE_QUEUE_URL; needs no key and no chain",
    )
    .option("--serve <modelId>", "a model of the local store; may be repeated; without it all of them", collect, [])
    .option(
      "--fetch <sha256/modelId>",
      "a model to fetch first, as the gateway's store names it; may be repeated",
      places,
      [],
    )
    .option("--from <url>", "a model folder that somebody serves, such as the gateway's; may be repeated", urls, [])
    .option("--gateway <url>", "an IPFS gateway; may be repeated", urls, [])
    .option("--concurrency <n>", "requests of one model at a time", integer, 4)
    .option("--name <text>", "name of this host in logs (default: the machine's)")
    .option(
      "--self-test <time>",
      "pause between comparisons of native answers with the audit machine's",
      duration,
      3_600,
    )
    .option("--listen <host:port>", "serve health and metrics here", listen)
    .addHelpText(
      "after",
      "\nExample:\n  TOUCHSTONE_QUEUE_URL=tls://queue.example.org:4222 npx touchstone worker host --provider cuda",
    )
    .action(async (flags: HostFlags) => {
      countBuffersAsHeap();
      const ctx = context();
      const { settings } = ctx;
      if (settings.queue === undefined) {
        throw new TouchstoneError("QUEUE_MISSING", "TOUCHSTONE_QUEUE_URL is not set.", {
          next: "Set it to the queue's address, such as nats://user:password@queue:4222 (docs/operations.md, Inference hosts).",
        });
      }
      const [log, metrics, signal] = [roleLogger(settings, "host"), ctx.metrics(), untilStopped()];
      await fetchModels(ctx.files, flags, log);
      const models = modelsIn(ctx.files, new Set(flags.serve.map(id)), log);
      if (models.length === 0) {
        throw new TouchstoneError("NO_MODELS", `There is no usable model in ${settings.home}/models.`, {
          next: "Fetch one with --fetch and --from, or copy the gateway's folder.",
        });
      }
      const host = createInferenceHost({
        ...{
          urls: settings.queue,
          models,
          concurrency: flags.concurrency,
          name: flags.name ?? hostname(),
          log,
          metrics,
          signal,
        },
        selfTest: createSelfTest({
          ...{ log, metrics, seed: randomInt(2 ** 31), everyMs: flags.selfTest * 1_000 },
          // While a model computes the queue has to hear that this host lives.
          runtime: createRuntimePool<PreparedModel>({ ...flags, offThread: true }, vetInChild),
        }),
      });
      const health = (): Promise<{ ok: boolean; reason?: string; models: string[] }> => {
        const served = host.serves();
        const reason = signal.aborted ? "stopping" : "no model is served";
        return Promise.resolve(
          served.length > 0 && !signal.aborted ? { ok: true, models: served } : { ok: false, reason, models: served },
        );
      };
      const options = { bodyLimit: BODY_LIMIT, timeoutMs: REQUEST_MS, log, metrics, health };
      const drained = await serveBeside(
        createHttp(options, () => undefined),
        { at: flags.listen, log, signal },
      );
      await host.done;
      await drained();
      log.info({ event: "stopped" }, "host stopped");
    });
}
