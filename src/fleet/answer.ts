import type { Logger } from "pino";

import { TouchstoneError } from "../errors.js";
import { HttpError } from "../http/server.js";
import type { Metrics } from "../metrics.js";
import { auditAnswer } from "../worker/answer.js";
import type { Answerer } from "../worker/worker.js";
import type { Fleet } from "./gateway.js";

/** No host can answer: this process does, as if there were no queue. */
const OURS: ReadonlySet<string> = new Set(["FLEET_NO_HOST", "FLEET_TOO_LARGE"]);
/** Hosts live, but have no time: answering here as well would only add a slow host. */
const LATER: ReadonlySet<string> = new Set(["FLEET_BUSY", "FLEET_LATE"]);

export interface FleetAnswererOptions {
  readonly fleet: Fleet;
  /** How this process answers by itself. */
  readonly embedded: Answerer;
  /** Whether one who asks can be told to come again: HTTP clients can, a job has to be answered. */
  readonly mayRefuse: boolean;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "fallbacks">;
}

/**
 * Answers by way of the fleet. What no host answered is answered here: by the embedded answerer where hosts are missing, by the audit
 * machine where they tried and failed, because that input may end a native session's process.
 */
export function fleetAnswerer({ fleet, embedded, mayRefuse, log, metrics }: FleetAnswererOptions): Answerer {
  return async (model, inputs, claimId) => {
    if (model.manifest.profile === "exact") return embedded(model, inputs, claimId);
    try {
      return await fleet.run(model, inputs);
    } catch (thrown) {
      if (!(thrown instanceof TouchstoneError)) throw thrown;
      const { code, message } = thrown;
      metrics.fallbacks.inc({ code });
      if (mayRefuse && LATER.has(code)) {
        throw new HttpError(503, "BUSY", message, { next: "Try again in a moment.", headers: { "retry-after": "1" } });
      }
      log.warn({ event: "fleet-fallback", code, contentId: model.contentId, reason: message }, "no host answered");
      return OURS.has(code) || LATER.has(code) ? embedded(model, inputs, claimId) : auditAnswer(model, inputs);
    }
  };
}
