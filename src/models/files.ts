import { createHash } from "node:crypto";
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";

import { TouchstoneError } from "../errors.js";
import type { ExternalData } from "../onnx/external.js";
import { writeWhole } from "../whole.js";
import { parseManifest, type Manifest } from "./manifest.js";

/** SHA-256 as 0x and 64 hex digits. */
export const sha256 = (bytes: Uint8Array): string => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/** An ONNX file, or a file that one keeps weights in. */
export type FileKind = "model" | "data";

/** A model as it lies in the store. */
export interface StoredModel {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** The files that it keeps weights in, by their location. */
  readonly data: ExternalData;
  /** Where the ONNX file lies with its data files beside it, for a runtime; undefined where there are none. */
  readonly path: string | undefined;
}

/**
 * Content-addressed model files: `<folder>/<sha256>/model.onnx`, beside it one manifest for each registration, and
 * `<folder>/<sha256>/data` for a file of weights. A model with such files also has a folder for runtimes, named like its manifest,
 * in which they lie where the model looks for them.
 */
export interface ModelFiles {
  save(model: { bytes: Uint8Array; manifest: Manifest; modelId: string; data?: ExternalData }): void;
  /** Where a file that is being fetched is kept until it is whole; `key` tells one such file from another. */
  partial(key: string): string;
  pathOf(kind: FileKind, hash: string): string;
  has(kind: FileKind, hash: string): boolean;
  /** All models that are here whole or in part: a manifest each. */
  list(): { hash: string; modelId: string }[];
  /** Takes in a whole file, whose SHA-256 was checked, from the same file system. */
  adopt(kind: FileKind, hash: string, path: string): void;
  /** Keeps what a registration says about a model whose files are there. */
  saveManifest(modelId: string, manifest: Manifest): void;
  /**
   * @param hash SHA-256 of the ONNX file, as registered.
   * @throws TouchstoneError `MODEL_MISSING` when the folder lacks it, `MODEL_CORRUPT` when the bytes are others.
   */
  load(model: { hash: string; modelId: string }): StoredModel;
}

/** The file under a second name; a copy where the file system has no links. */
function placeAt(source: string, target: string): void {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}

export function createModelFiles(folder: string): ModelFiles {
  const place = (hash: string): string => join(folder, hash.replace(/^0x/, ""));
  const fileOf = (kind: FileKind, hash: string): string => join(place(hash), kind === "model" ? "model.onnx" : "data");
  const dataFile = (hash: string): string => fileOf("data", hash);

  /** Lays out a model and its data files as their publisher had them. */
  function layOut(hash: string, modelId: string, manifest: Manifest): string {
    const root = join(place(hash), modelId);
    const path = join(root, "model.onnx");
    placeAt(join(place(hash), "model.onnx"), path);
    for (const { location, sha256: own } of manifest.data ?? []) placeAt(dataFile(own), join(root, location));
    return path;
  }

  function saveManifest(modelId: string, manifest: Manifest): void {
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    writeWhole(join(place(manifest.file.sha256), `${modelId}.json`), text);
  }

  return {
    partial: (key) => join(folder, "partial", key),
    pathOf: fileOf,
    has: (kind, hash) => existsSync(fileOf(kind, hash)),
    list: () =>
      (existsSync(folder) ? readdirSync(folder) : [])
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .flatMap((name) => readdirSync(join(folder, name)).map((file) => ({ hash: `0x${name}`, file })))
        .filter(({ file }) => /^0x[0-9a-f]{64}\.json$/.test(file))
        .map(({ hash, file }) => ({ hash, modelId: file.replace(/\.json$/, "") })),
    adopt: (kind, hash, path) => {
      mkdirSync(place(hash), { recursive: true });
      renameSync(path, fileOf(kind, hash));
    },
    saveManifest,
    save: ({ bytes, manifest, modelId, data }) => {
      const target = place(sha256(bytes));
      mkdirSync(target, { recursive: true });
      for (const file of manifest.data ?? []) {
        const content = data?.(file.location);
        if (content === undefined) throw missing(modelId, file.location);
        mkdirSync(place(file.sha256), { recursive: true });
        writeWhole(dataFile(file.sha256), content);
      }
      writeWhole(join(target, "model.onnx"), bytes);
      saveManifest(modelId, manifest);
    },
    load: ({ hash, modelId }) => {
      const file = join(place(hash), "model.onnx");
      const manifestFile = join(place(hash), `${modelId}.json`);
      if (!existsSync(file) || !existsSync(manifestFile)) throw missing(modelId, "model.onnx");
      const bytes = new Uint8Array(readFileSync(file));
      if (sha256(bytes) !== hash) {
        throw new TouchstoneError("MODEL_CORRUPT", `${file} does not have the registered SHA-256 ${hash}.`, {
          next: "Delete it and fetch it again.",
        });
      }
      const manifest = parseManifest(readFileSync(manifestFile, "utf8"));
      const hashes = new Map(manifest.data?.map(({ location, sha256: own }) => [location, own]));
      const data = (location: string): Uint8Array | undefined => {
        const own = hashes.get(location);
        const stored = own === undefined ? undefined : dataFile(own);
        return stored !== undefined && existsSync(stored) ? new Uint8Array(readFileSync(stored)) : undefined;
      };
      for (const [location, own] of hashes) if (!existsSync(dataFile(own))) throw missing(modelId, location);
      return { bytes, manifest, data, path: hashes.size === 0 ? undefined : layOut(hash, modelId, manifest) };
    },
  };

  function missing(modelId: string, what: string): TouchstoneError {
    return new TouchstoneError("MODEL_MISSING", `"${what}" of model ${modelId} is not in ${folder}.`, {
      next: "Fetch the model's files and its manifest from the publisher into this folder: `touchstone model pull`.",
    });
  }
}
