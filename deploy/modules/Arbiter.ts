import { buildModule } from "@nomicfoundation/ignition-core";

/** The judge of format 1: the entry, reductions, and the scalar functions by family. Stateless and without an owner. */
export default buildModule("Arbiter", (m) => {
  const names = ["FloatScalars", "IntegerScalars", "ConversionScalars", "ElementaryScalars", "DoubleScalars"];
  const families = names.map((name) => m.contract(name));
  const scalars = m.contract("ScalarEvaluator", families);
  const reductions = m.contract("ReduceEvaluator");
  return { arbiter: m.contract("Arbiter", [scalars, reductions]) };
});
