import { join } from "node:path";

import type { AuditGraph, Tensor } from "../../src/audit/graph.js";
import { compileCase, listCases, loadCase } from "../../src/conformance/cases.js";
import { createNativeRuntime } from "../../src/runtime/native.js";
import type { Runtime } from "../../src/runtime/runtime.js";

/** A third-party model with one of its inputs, compiled and natively. */
export interface BenchModel {
  readonly graph: AuditGraph;
  readonly inputs: readonly Tensor[];
  readonly multiplyAdds: number;
  readonly traceBytes: number;
  /** What everything is compared with: one thread, no operators fused. */
  readonly native: Runtime;
}

function caseOf(conformance: string, name: string) {
  const found = listCases(join(conformance, "models")).find((each) => each.folder.endsWith(`/${name}`));
  if (found === undefined)
    throw new Error(`There is no model ${name} in ${conformance}. Name its folder with --conformance.`);
  return found;
}

/** A model as a worker gets it: its file, and an input. */
export function loadServed(
  conformance: string,
  name: string,
): { bytes: Uint8Array; graph: AuditGraph; inputs: readonly Tensor[] } {
  const found = caseOf(conformance, name);
  const loaded = loadCase(found);
  const { graph, inputs } = compileCase(found, loaded);
  return { bytes: loaded.model, graph, inputs };
}

/** @param conformance folder that holds `models/<name>` */
export async function loadModel(conformance: string, name: string): Promise<BenchModel> {
  const found = caseOf(conformance, name);
  const loaded = loadCase(found);
  const { graph, inputs, report } = compileCase(found, loaded);
  const names = graph.inputs.map((input) => input.name);
  const bound = loaded.inputs.flatMap(({ name: input, tensor }) =>
    tensor === undefined || names.includes(input) ? [] : [{ name: input, tensor }],
  );
  const native = await createNativeRuntime(
    {
      bytes: loaded.model,
      path: join(found.folder, found.file),
      inputNames: names,
      outputNames: loaded.outputNames,
      bound,
    },
    { optimisation: "disabled", threads: 1 },
  );
  return { graph, inputs, multiplyAdds: report.multiplyAdds, traceBytes: report.traceBytes, native };
}
