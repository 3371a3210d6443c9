import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { toHex, tensorBytes } from "../../src/audit/bytes.js";
import type { Tensor } from "../../src/audit/graph.js";
import { createInlineSink } from "../../src/audit/roots.js";
import { commitRun } from "../../src/audit/run.js";
import type { ClaimRecord } from "../../src/dispute/claims.js";
import type { AuditRun } from "../../src/dispute/evidence.js";
import { traceOfRun } from "../../src/dispute/trace.js";
import { prepareModel } from "../../src/models/prepared.js";
import { createNativeRuntime } from "../../src/runtime/native.js";
import { readDigitModel } from "../../src/sim/digits.js";
import { NO_TERMS } from "./terms.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** The digit model, prepared, with its digits. */
export function digitModel() {
  const { bytes, manifest, digits } = readDigitModel(ROOT);
  return { model: prepareModel(bytes, manifest), digits };
}

/** Outputs as claims publish them. */
export const published = (outputs: readonly Tensor[]): string[] => outputs.map((tensor) => toHex(tensorBytes(tensor)));

/** An honest, native answer to one digit, as a claim, and the audit run of it. */
export async function honestClaim(digit: number): Promise<{ run: AuditRun; claim: ClaimRecord }> {
  const { model, digits } = digitModel();
  const inputs = [digits[digit]!.image];
  const runtime = await createNativeRuntime(model.runtime);
  const outputs = published(await runtime.run(inputs));
  await runtime.release();
  const audit = commitRun(model.graph, inputs, createInlineSink());
  const zero = `0x${"0".repeat(64)}`;
  const claim = { claimId: zero, source: zero, modelId: zero, operator: zero, block: 0, terms: NO_TERMS };
  return {
    run: { model, inputs, outputs: audit.outputs, trace: traceOfRun(model.graph, inputs, audit) },
    claim: { ...claim, inputs: published(inputs), outputs },
  };
}
