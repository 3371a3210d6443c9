import { ELEMENT } from "./element.js";
import { type ExternalData, externalLocations, readExternal, visitExternal } from "./external.js";
import { readModel, writeModel } from "./model.js";
import { readTensor } from "./tensor.js";

/**
 * The model with all weights in one file.
 *
 * @throws OnnxError where a file is missing, or elements are of a type that is not read.
 */
export function inlineExternal(bytes: Uint8Array, load: ExternalData): Uint8Array {
  const model = readModel(bytes);
  if (externalLocations(model).length === 0) return bytes;
  visitExternal(model, (tensor) => {
    const { data, dtype } = readTensor(tensor, { externalData: load });
    tensor.rawData = readExternal(tensor, Math.ceil((data.length * ELEMENT[dtype].bits) / 8), load);
    tensor.dataLocation = 0;
    tensor.externalData = [];
  });
  return writeModel(model);
}
