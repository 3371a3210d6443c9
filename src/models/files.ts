import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { TouchstoneError } from "../errors.js";
import { parseManifest, type Manifest } from "./manifest.js";

/** SHA-256 as 0x and 64 hex digits. */
export const sha256 = (bytes: Uint8Array): string => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/** Content-addressed model files: `<folder>/<sha256>/model.onnx`, beside it one manifest for each registration. */
export interface ModelFiles {
  save(model: { bytes: Uint8Array; manifest: Manifest; modelId: string }): void;
  /**
   * @param hash SHA-256 of the ONNX file, as registered.
   * @throws TouchstoneError `MODEL_MISSING` when the folder lacks it, `MODEL_CORRUPT` when the bytes are others.
   */
  load(model: { hash: string; modelId: string }): { bytes: Uint8Array; manifest: Manifest };
}

/** Writes whole files only: a crash leaves the old state or the new one. */
function writeWhole(path: string, data: string | Uint8Array): void {
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, data);
  renameSync(partial, path);
}

export function createModelFiles(folder: string): ModelFiles {
  const place = (hash: string): string => join(folder, hash.replace(/^0x/, ""));
  return {
    save: ({ bytes, manifest, modelId }) => {
      const target = place(sha256(bytes));
      mkdirSync(target, { recursive: true });
      writeWhole(join(target, "model.onnx"), bytes);
      writeWhole(join(target, `${modelId}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
    },
    load: ({ hash, modelId }) => {
      const file = join(place(hash), "model.onnx");
      const manifestFile = join(place(hash), `${modelId}.json`);
      if (!existsSync(file) || !existsSync(manifestFile)) {
        throw new TouchstoneError("MODEL_MISSING", `Model ${modelId} is not in ${folder}.`, {
          next: "Fetch the ONNX file and its manifest from the publisher into this folder.",
        });
      }
      const bytes = new Uint8Array(readFileSync(file));
      if (sha256(bytes) !== hash) {
        throw new TouchstoneError("MODEL_CORRUPT", `${file} does not have the registered SHA-256 ${hash}.`, {
          next: "Delete it and fetch it again.",
        });
      }
      return { bytes, manifest: parseManifest(readFileSync(manifestFile, "utf8")) };
    },
  };
}
