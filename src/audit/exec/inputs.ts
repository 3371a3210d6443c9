import type { AuditGraph, Tensor } from "../graph.js";
import { numelOf } from "../bytes.js";
import { assertWellFormed } from "../wellformed.js";
import { inputMismatch } from "./errors.js";

/** No limit on the depth of demands: executors run graphs, registration bounds their proofs. */
const ANY_DEPTH = 255;

/** Graphs that were checked: a graph never changes, and is run many times. */
const wellFormed = new WeakSet<AuditGraph>();

/** Takes a graph for well-formed without a look: its maker knows. */
export function trust(graph: AuditGraph): void {
  wellFormed.add(graph);
}

/**
 * What every executor asks of its arguments.
 *
 * @throws TouchstoneError `NODE_ILL_FORMED` or `INPUT_MISMATCH`
 */
export function checkRun(graph: AuditGraph, inputs: readonly Tensor[]): void {
  if (!wellFormed.has(graph)) {
    assertWellFormed(graph, ANY_DEPTH);
    wellFormed.add(graph);
  }
  if (inputs.length !== graph.inputs.length) {
    throw inputMismatch(`${inputs.length} inputs for a graph of ${graph.inputs.length}`);
  }
  graph.inputs.forEach(({ name, dtype, shape }, i) => {
    const given = inputs[i]!;
    const same = given.shape.length === shape.length && given.shape.every((extent, d) => extent === shape[d]);
    if (given.dtype !== dtype || !same) {
      throw inputMismatch(`input ${name} is ${given.dtype}[${given.shape.join()}], not ${dtype}[${shape.join()}]`);
    }
    if (given.data.length !== numelOf(shape)) {
      throw inputMismatch(`input ${name} holds ${given.data.length} elements, not ${numelOf(shape)}`);
    }
  });
}
