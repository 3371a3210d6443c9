import { expect } from "chai";
import { join } from "node:path";

import { CompileError } from "../../../src/audit/compile/errors.js";
import { chainDepth } from "../../../src/audit/content.js";
import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import { assertWellFormed } from "../../../src/audit/wellformed.js";
import { caseNames, conformanceDir, describeConformance } from "../../support/conformance.js";
import { compileCase, difference, outputsOf, readCase } from "../../support/onnx-case.js";

/** Tests that are refused, with the reason; everything else must compile and agree. */
const REFUSED: Readonly<Record<string, readonly [code: string, reason: RegExp]>> = {
  // float64 has no arithmetic in the audit graph.
  test_cumsum_1d_exclusive: ["COMPILE_DTYPE", /There is no dot of f64|There is no sum of f64/],
  test_cumsum_2d_axis_1: ["COMPILE_DTYPE", /There is no dot of f64|There is no sum of f64/],
  test_cumsum_2d_negative_axis: ["COMPILE_DTYPE", /There is no dot of f64|There is no sum of f64/],
  // Tensors without elements cannot be committed to.
  test_constantofshape_int_shape_zero: ["COMPILE_EMPTY", /Output "y"/],
  test_reduce_min_empty_set: ["COMPILE_EMPTY", /Input "data"/],
  test_reshape_allowzero_reordered: ["COMPILE_EMPTY", /Input "data"/],
  test_shape_start_greater_than_end: ["COMPILE_EMPTY", /Output "y"/],
  test_split_zero_size_splits_opset13: ["COMPILE_EMPTY", /Input "input"/],
  test_triu_zero: ["COMPILE_EMPTY", /Output "y"/],
  // Opsets outside the supported range.
  test_not_3d: ["COMPILE_OPERATOR", /Opset 1/],
  test_not_4d: ["COMPILE_OPERATOR", /Opset 1/],
  test_range_int32_type_negative_delta: ["COMPILE_OPERATOR", /Opset 27/],
  // Random numbers.
  test_training_dropout: ["COMPILE_OPERATOR", /random/],
  test_training_dropout_default: ["COMPILE_OPERATOR", /random/],
};

/** ONNX Runtime itself differs from the expected output; the compiler follows the runtime. */
const RUNTIME_DIFFERS = new Set(["test_resize_downsample_scales_linear_align_corners"]);

describeConformance("compile: single-operator tests", function () {
  this.timeout(60_000);
  const root = join(conformanceDir, "node");

  for (const name of caseNames(root)) {
    it(name, () => {
      const source = readCase(join(root, name));
      const refusal = REFUSED[name];
      if (refusal) {
        const [code, reason] = refusal;
        expect(() => compileCase(source))
          .to.throw(CompileError, reason)
          .with.property("code", code);
        return;
      }
      const { graph, inputs } = compileCase(source);
      assertWellFormed(graph, chainDepth(graph));
      const outputs = outputsOf(graph, executeFast(graph, inputs));
      if (RUNTIME_DIFFERS.has(name)) return;
      source.outputs.forEach((expected, i) => {
        expect(difference(outputs[i]!, expected), `output ${i}`).to.equal(undefined);
      });
    });
  }
});
