import { readFileSync, realpathSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

import { TouchstoneError } from "../errors.js";
import { externalLocations, type ExternalData } from "../onnx/external.js";
import { readModel } from "../onnx/model.js";
import { cidOf } from "./cid.js";
import { sha256 } from "./files.js";
import type { Manifest } from "./manifest.js";

/**
 * Opens files that a model keeps its weights in. Only regular files inside the model's folder are read, links followed: a
 * model from elsewhere must not bring files of this machine into its weights. Each file is read once.
 */
export function externalDataIn(folder: string): ExternalData {
  const files = new Map<string, Uint8Array | undefined>();
  return (location) => {
    if (!files.has(location)) files.set(location, readInside(folder, location));
    return files.get(location);
  };
}

function readInside(folder: string, location: string): Uint8Array | undefined {
  try {
    const root = realpathSync(folder);
    const path = realpathSync(resolve(root, location));
    const inside = relative(root, path);
    if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || !statSync(path).isFile()) return undefined;
    return new Uint8Array(readFileSync(path));
  } catch {
    // Missing, unreadable or larger than memory: for the model it is not there.
    return undefined;
  }
}

export type DataFile = NonNullable<Manifest["data"]>[number];

/**
 * What a manifest says of the files that a model keeps weights in.
 *
 * @throws TouchstoneError `DATA_MISSING` where one is not there, OnnxError `ONNX_EXTERNAL_DATA` where one lies elsewhere.
 */
export async function describeData(model: Uint8Array, data: ExternalData): Promise<DataFile[]> {
  const files: DataFile[] = [];
  for (const location of externalLocations(readModel(model))) {
    const bytes = data(location);
    if (bytes === undefined) throw missing(location);
    files.push({ location, sha256: sha256(bytes), cid: await cidOf(bytes), bytes: bytes.length });
  }
  return files;
}

/**
 * The files that a manifest lists, each only with the bytes that it names.
 *
 * @throws (when a file is asked for) TouchstoneError `DATA_MISSING`, `MODEL_CORRUPT`
 */
export function listedData(manifest: Manifest, data: ExternalData): ExternalData {
  const listed = new Map(manifest.data?.map((file) => [file.location, file]));
  return (location) => {
    const file = listed.get(location);
    if (file === undefined) return undefined;
    const bytes = data(location);
    if (bytes === undefined) throw missing(location);
    if (sha256(bytes) !== file.sha256) {
      throw new TouchstoneError(
        "MODEL_CORRUPT",
        `"${location}" does not have the SHA-256 ${file.sha256} of the manifest.`,
        {
          next: "Delete it and fetch it again.",
        },
      );
    }
    return bytes;
  };
}

function missing(location: string): TouchstoneError {
  return new TouchstoneError("DATA_MISSING", `The model's data file "${location}" is not there.`, {
    next: "Keep the files that the model names in its folder, at the same relative paths.",
  });
}
