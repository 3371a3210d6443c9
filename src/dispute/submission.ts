import { fromHex } from "../audit/bytes.js";
import { wireOf, type TensorSpec, type WireTensor } from "../receipts/wire.js";
import type { ReceiptClaim } from "./claims.js";

/** What has to be known of a model to say what its tensors are. */
interface Shapes {
  readonly graph: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
}

/** What a watcher has to be given of a receipt: it, and the bytes that it speaks of (`receiptSubmission`). */
export function submissionOf({ graph }: Shapes, claim: ReceiptClaim) {
  const wire = (specs: readonly TensorSpec[], bytes: readonly string[]): WireTensor[] =>
    specs.map(({ dtype, shape }, i) => wireOf({ dtype, shape: [...shape], data: fromHex(bytes[i] ?? "0x") }));
  const [inputs, outputs] = [wire(graph.inputs, claim.inputs), wire(graph.outputs, claim.outputs)];
  return { ...claim.receipt, inputs, outputs };
}
