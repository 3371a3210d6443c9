import { fromHex, tensorFromBytes } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { fetchClaim } from "../dispute/claims.js";
import { ClaimStatus } from "../dispute/protocol.js";
import { TouchstoneError } from "../errors.js";
import { rootOfTensors } from "../receipts/roots.js";
import type { TensorSpec } from "../receipts/wire.js";
import { requestJob, type JobRequest } from "./request.js";

export interface ForcedAnswer {
  readonly jobId: string;
  readonly outputs: readonly Tensor[];
  /** Protocol time until which it can be challenged: provisional before. */
  readonly challengeDeadline: bigint;
}

/**
 * Makes an operator answer on-chain: the route that no silent endpoint can close. An operator that does not answer in time
 * loses a part of its lock and is struck, and the fee comes back.
 * @throws TouchstoneError `OPERATOR_SILENT` after the refund.
 */
export async function forceAnswer(
  { suite, sender, pollMs }: { suite: Suite; sender: Sender; pollMs: number },
  { outputs: specs, ...request }: JobRequest & { readonly outputs: readonly TensorSpec[] },
): Promise<ForcedAnswer> {
  const { jobs, hub } = suite;
  const { jobId } = await requestJob({ suite, sender }, request);
  for (;;) {
    const { status, outputsRoot, challengeDeadline, deadline } = await jobs.job(jobId);
    if (Number(status) !== ClaimStatus.Assigned) {
      const claim = await fetchClaim(suite, jobId);
      if (Number(status) === ClaimStatus.Refunded || claim === undefined) break;
      const outputs = specs.map(({ dtype, shape }, i) =>
        tensorFromBytes(fromHex(claim.outputs[i] ?? "0x"), dtype, shape),
      );
      if (rootOfTensors(outputs) !== outputsRoot) {
        throw new TouchstoneError(
          "NODE_LIES",
          `The node shows other outputs of job ${jobId} than the chain commits to.`,
          {
            next: "Set TOUCHSTONE_RPC_URL to a node that you trust.",
          },
        );
      }
      return { jobId, outputs, challengeDeadline };
    }
    if ((await hub.time()) > deadline) {
      const claim = await fetchClaim(suite, jobId);
      if (claim !== undefined) await sender.send(await jobs.expire.populateTransaction(claim.terms));
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new TouchstoneError("OPERATOR_SILENT", `${request.operator} did not answer job ${jobId} in time.`, {
    next: "The fee is credited back (`collectRefunds`). Name another operator.",
  });
}
