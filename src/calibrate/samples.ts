import { numelOf, tensorBytes } from "../audit/bytes.js";
import type { InputSpec, Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { firstOutside } from "../models/domain.js";

/**
 * Samples that no job may have would distort what is measured.
 * @throws TouchstoneError `SAMPLE_INVALID` naming the first that does not fit the inputs or lies outside their domains.
 */
export function checkSamples(specs: readonly InputSpec[], samples: readonly (readonly Tensor[])[]): void {
  for (const [k, inputs] of samples.entries()) {
    const wrong = specs.find((spec, i) => {
      const given = inputs[i];
      const fits = given !== undefined && given.dtype === spec.dtype && numelOf(given.shape) === numelOf(spec.shape);
      return !fits || firstOutside(tensorBytes(given), spec) !== undefined;
    });
    if (wrong === undefined && inputs.length === specs.length) continue;
    const what =
      wrong === undefined ? `has ${inputs.length} inputs` : `does not fit input "${wrong.name}" or its domain`;
    throw new TouchstoneError("SAMPLE_INVALID", `Sample ${k + 1} ${what}.`, {
      next: "Give one file for each model input, in order, with values inside the domains.",
    });
  }
}
