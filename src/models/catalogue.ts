import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";
import type { ModelFiles } from "./files.js";
import { prepareModel, type PreparedModel } from "./prepared.js";

/** Registered models, compiled from the local file and compared with the registration. */
export interface Catalogue {
  /**
   * @param modelId The registration.
   * @throws TouchstoneError `MODEL_MISSING`, `MODEL_CORRUPT`, or `MODEL_MISMATCH` when the file compiles to another content id.
   */
  get(modelId: string): Promise<PreparedModel>;
}

export function createCatalogue(suite: Suite, files: ModelFiles): Catalogue {
  const prepared = new Map<string, PreparedModel>();
  return {
    get: async (modelId) => {
      const known = prepared.get(modelId);
      if (known !== undefined) return known;
      const registration = await suite.registry.model(modelId);
      const { bytes, manifest, ...place } = files.load({ hash: registration.sha256Hash, modelId });
      const model = prepareModel(bytes, manifest, place);
      if (model.contentId !== registration.contentId) {
        throw new TouchstoneError(
          "MODEL_MISMATCH",
          `Model ${modelId} is registered with content ${registration.contentId}, its file compiles to ${model.contentId}.`,
          { next: "Do not use this registration: its publisher committed to something other than this file." },
        );
      }
      prepared.set(modelId, model);
      return model;
    },
  };
}
