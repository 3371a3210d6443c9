import type { FastifyInstance } from "fastify";

import { tensorBytes } from "../audit/bytes.js";
import type { Suite } from "../chain/suite.js";
import { answeredClaim } from "../dispute/challenge-claim.js";
import { claimsOf, receiptsOf, type FreshReceipt } from "../dispute/claims.js";
import { TouchstoneError } from "../errors.js";
import { createHttp, HttpError, type HttpOptions } from "../http/server.js";
import type { Catalogue } from "../models/catalogue.js";
import type { PreparedModel } from "../models/prepared.js";
import { claimIdOf, refusalOf } from "../receipts/present.js";
import { rootOfTensors } from "../receipts/roots.js";
import { fromWire, receiptSubmission, tensorsOf, type ReceiptSubmission } from "../receipts/wire.js";
import type { State } from "../store/state.js";
import { watcherDocument } from "./openapi.js";
import { uncheckedOf } from "./watcher.js";

export interface IntakeOptions {
  readonly suite: Suite;
  readonly state: State;
  readonly catalogue: Catalogue;
  /** Most receipts that may wait to be checked. */
  readonly limit: number;
}

/** Takes receipts from clients, with the bytes that they speak of. */
export function createIntake({ suite, state, catalogue, limit }: IntakeOptions) {
  const receipts = receiptsOf(state);
  const unchecked = uncheckedOf(state);

  async function modelOf(modelId: string): Promise<PreparedModel> {
    try {
      return await catalogue.get(modelId);
    } catch (thrown) {
      const code = thrown instanceof TouchstoneError ? thrown.code : undefined;
      if (code !== "MODEL_MISSING" && code !== "UnknownModel") throw thrown;
      throw new HttpError(404, "MODEL_NOT_WATCHED", `Model ${modelId} is not watched here.`);
    }
  }

  return {
    /**
     * Has an answered job checked, again if it was before.
     * @throws TouchstoneError `CLAIM_UNKNOWN`.
     */
    check: async (claimId: string): Promise<string> => {
      const claim = await answeredClaim(suite, claimId);
      state.atomically(() => {
        claimsOf(state).put(claimId, claim);
        unchecked.put(claimId, { since: claim.block });
      });
      return claimId;
    },
    /**
     * Stores a receipt to be checked. Sending it again changes nothing.
     * @throws HttpError where its roots are not those of the bytes, or it would be no claim.
     */
    submit: async ({ receipt, signature, ...sent }: ReceiptSubmission): Promise<{ claimId: string }> => {
      const claimId = claimIdOf(suite, receipt);
      if (receipts.get(claimId) !== undefined) return { claimId };
      if (unchecked.entries().length >= limit) {
        throw new HttpError(503, "BUSY", `${limit} receipts wait to be checked.`, { next: "Try again later." });
      }
      const model = await modelOf(receipt.modelId);
      const inputs = tensorsOf(sent.inputs, model.graph.inputs, "input");
      const outputs = tensorsOf(sent.outputs, model.graph.outputs, "output");
      if (rootOfTensors(inputs) !== receipt.inputsRoot || rootOfTensors(outputs) !== receipt.outputsRoot) {
        throw new HttpError(422, "ROOTS_FOREIGN", "The receipt speaks of other bytes than those sent with it.");
      }
      const refusal = await refusalOf(suite, { receipt, signature });
      if (refusal !== undefined) throw new HttpError(422, refusal.code, refusal.message);
      const claim: FreshReceipt = {
        claimId,
        source: suite.deployment.receipts,
        modelId: receipt.modelId,
        operator: receipt.operator,
        inputs: inputs.map(tensorBytes),
        outputs: outputs.map(tensorBytes),
        // Challenges can't be older than the receipt is here.
        block: await suite.provider.getBlockNumber(),
        receipt: { receipt, signature },
      };
      state.atomically(() => {
        // The same may have come twice at a time.
        if (receipts.get(claimId) !== undefined) return;
        receipts.add(claim);
        unchecked.put(claimId, { since: claim.block });
      });
      return { claimId };
    },
  };
}

/** The watcher's HTTP interface (docs/contracts/receipts.md, HTTP). */
export function createIntakeServer(intake: ReturnType<typeof createIntake>, options: HttpOptions): FastifyInstance {
  return createHttp({ ...options, openapi: watcherDocument }, (server) => {
    server.post("/v1/receipts", async (request, reply) => {
      const answer = await intake.submit(fromWire(receiptSubmission, request.body));
      return reply.code(202).send(answer);
    });
  });
}
