import { DTYPE_BYTES, type DType, type MapFn } from "../../graph.js";
import { castKernel, copyKernel, dequantizeKernel, quantizeKernel, whereKernel } from "./convert-kernels.js";
import { floatKernel } from "./float-kernels.js";
import { integerKernel, NARROW } from "./integer-kernels.js";
import { type Kernel, referenceKernel } from "./kernel.js";

/** The fastest kernel that there is for a function of these dtypes. */
export function mapKernel(fn: MapFn, dtypes: readonly DType[], result: DType): Kernel {
  return special(fn, dtypes, result) ?? uniform(fn, dtypes, result) ?? referenceKernel(fn, dtypes, result);
}

function special(fn: MapFn, dtypes: readonly DType[], result: DType): Kernel | undefined {
  switch (fn) {
    case "cast":
      return castKernel(dtypes[0]!, result);
    case "quantize":
      return quantizeKernel(result);
    case "dequantize":
      return dequantizeKernel(dtypes[0]!);
    case "where":
      return result === "f32" ? floatKernel("where") : whereKernel;
    case "copy":
      return copyKernel;
    default:
      return undefined;
  }
}

/** Functions whose operands have one dtype. */
function uniform(fn: MapFn, dtypes: readonly DType[], result: DType): Kernel | undefined {
  const dtype = dtypes[0]!;
  if (dtypes.some((other) => other !== dtype)) return undefined;
  // Of f64 only what is the same loop over other arrays.
  if (dtype === "f32" || dtype === "f64") return floatKernel(fn);
  if (NARROW.has(dtype) || dtype === "bool") return integerKernel(fn, dtype, 8 * DTYPE_BYTES[result]);
  return undefined;
}
