import { DTYPE_BYTES, type DType, type MapFn } from "../../graph.js";
import { castKernel, copyKernel, dequantizeKernel, quantizeKernel, whereKernel } from "./convert-kernels.js";
import type { Kernels } from "./engine.js";
import { doubleKernel, floatKernel } from "./float-kernels.js";
import { integerKernel, NARROW } from "./integer-kernels.js";
import { type Kernel, referenceKernel } from "./kernel.js";

/** The fastest kernel that there is for a function of these dtypes. */
export function mapKernel(fn: MapFn, dtypes: readonly DType[], result: DType, kernels: Kernels): Kernel {
  return (
    special(fn, dtypes, result, kernels) ?? uniform(fn, dtypes, result, kernels) ?? referenceKernel(fn, dtypes, result)
  );
}

function special(fn: MapFn, dtypes: readonly DType[], result: DType, kernels: Kernels): Kernel | undefined {
  switch (fn) {
    case "cast":
      return castKernel(dtypes[0]!, result);
    case "quantize":
      return quantizeKernel(result);
    case "dequantize":
      return dequantizeKernel(dtypes[0]!);
    case "where":
      return result === "f32" ? floatKernel("where", kernels) : whereKernel;
    case "copy":
      return copyKernel;
    default:
      return undefined;
  }
}

/** Functions whose operands have one dtype. */
function uniform(fn: MapFn, dtypes: readonly DType[], result: DType, kernels: Kernels): Kernel | undefined {
  const dtype = dtypes[0]!;
  if (dtypes.some((other) => other !== dtype)) return undefined;
  if (dtype === "f32") return floatKernel(fn, kernels);
  if (dtype === "f64") return doubleKernel(fn);
  if (NARROW.has(dtype) || dtype === "bool") return integerKernel(fn, dtype, 8 * DTYPE_BYTES[result]);
  return undefined;
}
