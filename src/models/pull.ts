import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { PassThrough } from "node:stream";

import type { Suite } from "../chain/suite.js";
import { messageOf, TouchstoneError } from "../errors.js";
import { download, type Check } from "../http/download.js";
import type { ExternalData } from "../onnx/external.js";
import { cidOfStream } from "./cid.js";
import type { FileKind, ModelFiles } from "./files.js";
import { parseManifest, type Manifest } from "./manifest.js";
import { prepareModel } from "./prepared.js";

/** The largest file to take: ONNX files end at 2 GiB. */
export const LARGEST_FILE = 2 * 1024 ** 3;

/** How long a source may say nothing, unless told otherwise. */
export const SILENCE_MS = 30_000;

/** Where files may come from, and how much of them is taken. Nothing that they give is believed before it is checked. */
export interface Sources {
  /** Model folders that others serve as they are: `<mirror>/<sha256>/model.onnx`, `<modelId>.json`, `data`. */
  readonly mirrors: readonly URL[];
  /** IPFS gateways: `<gateway>/ipfs/<cid>`. */
  readonly gateways: readonly URL[];
  /** Most bytes of one file. */
  readonly limit: number;
  readonly silenceMs: number;
}

/** What a file must be; at least one of the two hashes, or nothing where it is only asked what it is. */
export interface Expected {
  readonly sha256?: string | undefined;
  readonly cid?: string | undefined;
  readonly bytes?: number | undefined;
}

export interface PulledFile {
  readonly sha256: string;
  /** Undefined where the file was there already. */
  readonly cid: string | undefined;
  readonly bytes: number | undefined;
  /** Where it came from; undefined where it was there already. */
  readonly from: string | undefined;
}

interface Found {
  readonly sha256: string;
  readonly cid: string;
  readonly bytes: number;
}

/** Largest manifest: bound inputs travel in it. */
const MANIFEST_LIMIT = 64 * 1024 * 1024;

const at = (base: URL, path: string): URL => new URL(path, base.href.endsWith("/") ? base : `${base.href}/`);
const bare = (hash: string): string => hash.replace(/^0x/, "");

/** Hashes bytes as they come, and compares at the end. */
function createCheck(expected: Expected, onFound: (found: Found) => void): Check {
  const hash = createHash("sha256");
  const stream = new PassThrough();
  const cid = cidOfStream(stream as AsyncIterable<Uint8Array>);
  // Its failure shows when the result is asked for.
  cid.catch(() => undefined);
  let bytes = 0;
  return {
    update: async (part) => {
      hash.update(part);
      bytes += part.length;
      // Where the CID's own computation fails nobody drains the stream; its result says so at the end.
      if (!stream.write(part)) await Promise.race([once(stream, "drain"), cid.catch(() => undefined)]);
    },
    end: async () => {
      stream.end();
      const found = { sha256: `0x${hash.digest("hex")}`, cid: await cid, bytes };
      for (const key of ["bytes", "sha256", "cid"] as const) {
        const wanted = expected[key];
        if (wanted !== undefined && wanted !== found[key]) return `its ${key} is ${found[key]}, not ${wanted}`;
      }
      onFound(found);
      return undefined;
    },
  };
}

/**
 * Fetches one file into the store, from the first source that has it.
 * @throws TouchstoneError `PULL_FAILED` that says what was wrong with every source
 */
export async function pullFile(
  files: ModelFiles,
  { kind, expected, urls }: { readonly kind: FileKind; readonly expected: Expected; readonly urls: readonly URL[] },
  { limit, silenceMs }: Pick<Sources, "limit" | "silenceMs">,
): Promise<PulledFile> {
  const { sha256, cid, bytes } = expected;
  if (sha256 !== undefined && files.has(kind, sha256)) return { sha256, cid, bytes, from: undefined };
  const key = bare(sha256 ?? cid ?? createHash("sha256").update(urls.join(" ")).digest("hex"));
  const partial = files.partial(key);
  // What no hash ties together may be parts of two versions.
  if (sha256 === undefined && cid === undefined) rmSync(partial, { force: true });
  const problems: string[] = [];
  for (const url of urls) {
    let found: Found | undefined;
    const check = (): Check => createCheck(expected, (each) => (found = each));
    try {
      await download(url, { partial, limit: Math.min(limit, bytes ?? limit), check, silenceMs });
    } catch (thrown) {
      problems.push(messageOf(thrown));
      continue;
    }
    if (found === undefined) continue;
    files.adopt(kind, found.sha256, partial);
    return { ...found, from: url.href };
  }
  throw new TouchstoneError(
    "PULL_FAILED",
    `${sha256 ?? cid ?? "The file"} could not be fetched. ${problems.length > 0 ? problems.join(" ") : "No source is known."}`,
    { next: "Name a source: --from for a served model folder, --gateway for an IPFS gateway.", retryable: true },
  );
}

async function pullManifest(files: ModelFiles, urls: readonly URL[], silenceMs: number): Promise<Manifest> {
  const problems: string[] = [];
  for (const url of urls) {
    const partial = files.partial(createHash("sha256").update(url.href).digest("hex"));
    // A manifest may change at its address: what an earlier call left is not continued.
    rmSync(partial, { force: true });
    const check = (): Check => ({ update: () => Promise.resolve(), end: () => Promise.resolve(undefined) });
    try {
      await download(url, { partial, limit: MANIFEST_LIMIT, check, silenceMs });
      const text = readFileSync(partial, "utf8");
      rmSync(partial);
      return parseManifest(text);
    } catch (thrown) {
      problems.push(messageOf(thrown));
    }
  }
  throw new TouchstoneError("MANIFEST_MISSING", `No source has the model's manifest. ${problems.join(" ")}`, {
    next: "Give the publisher's with --manifest <file>.",
  });
}

async function provenanceOf(
  { registry }: Pick<Suite, "registry">,
  modelId: string,
): Promise<{ cid: string; uri: string }> {
  const { registeredBlock } = await registry.model(modelId);
  const block = Number(registeredBlock);
  const [event] = await registry.queryFilter(registry.filters.ModelRegistered(modelId), block, block);
  return event?.args.provenance ?? { cid: "", uri: "" };
}

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** A model's place in a store, as its folder and manifest are named there, and where else its file may be. */
export interface ModelPlace {
  readonly modelId: string;
  readonly sha256: string;
  /** Of a registration: text that nobody checked. */
  readonly cid?: string;
  /** The publisher's own address: the file, its manifest with another ending, data files beside it. */
  readonly origin?: URL | undefined;
}

/**
 * Fetches what a model is made of: its manifest, its ONNX file and the files that this keeps weights in. Files are what their hashes say;
 * what they are together says the content id that they compile to, which the caller has to know.
 *
 * @param given the publisher's manifest, where it is at hand
 * @throws TouchstoneError `PULL_FAILED`, `MANIFEST_MISSING`, `MANIFEST_FOREIGN`
 */
export async function pullParts(
  files: ModelFiles,
  { modelId, sha256, cid, origin }: ModelPlace,
  sources: Sources,
  given?: Manifest,
): Promise<{ manifest: Manifest; pulled: PulledFile[] }> {
  const { mirrors, gateways, silenceMs } = sources;
  const origins = origin === undefined ? [] : [origin];
  const manifest =
    given ??
    (await pullManifest(
      files,
      [
        ...mirrors.map((mirror) => at(mirror, `${bare(sha256)}/${modelId}.json`)),
        ...origins.map((url) => new URL(url.href.replace(/(\.onnx)?$/, ".json"))),
      ],
      silenceMs,
    ));
  if (manifest.file.sha256 !== sha256) {
    throw new TouchstoneError("MANIFEST_FOREIGN", `The manifest belongs to another file than model ${modelId}.`, {
      next: "Use the manifest that was published with this model.",
    });
  }
  const gatewayUrls = (of: string): URL[] => (of === "" ? [] : gateways.map((gateway) => at(gateway, `ipfs/${of}`)));
  const pulled = [
    await pullFile(
      files,
      {
        kind: "model",
        // The hash decides, whatever the CID says.
        expected: { sha256, bytes: manifest.file.bytes },
        urls: [
          ...mirrors.map((mirror) => at(mirror, `${bare(sha256)}/model.onnx`)),
          ...origins,
          ...gatewayUrls(cid ?? manifest.file.cid),
        ],
      },
      sources,
    ),
  ];
  for (const { location, ...file } of manifest.data ?? []) {
    const urls = [
      ...mirrors.map((mirror) => at(mirror, `${bare(file.sha256)}/data`)),
      ...origins.map((url) => new URL(location.split("/").map(encodeURIComponent).join("/"), url)),
      ...gatewayUrls(file.cid),
    ];
    pulled.push(
      await pullFile(files, { kind: "data", expected: { sha256: file.sha256, bytes: file.bytes }, urls }, sources),
    );
  }
  return { manifest, pulled };
}

export interface PulledModel {
  readonly modelId: string;
  readonly contentId: string;
  readonly files: readonly PulledFile[];
}

/**
 * Fetches a registered model: its manifest, its ONNX file and the files that this keeps weights in; recompiles it and keeps it
 * only if it is what was registered.
 *
 * @param manifest the publisher's, where it is at hand
 * @throws TouchstoneError `MODEL_UNKNOWN`, `PULL_FAILED`, `MANIFEST_MISSING`, `MANIFEST_FOREIGN`, `MODEL_MISMATCH`
 */
export async function pullModel(
  { suite, files }: { readonly suite: Pick<Suite, "registry">; readonly files: ModelFiles },
  modelId: string,
  sources: Sources,
  given?: Manifest,
): Promise<PulledModel> {
  if (!(await suite.registry.exists(modelId))) {
    throw new TouchstoneError("MODEL_UNKNOWN", `Model ${modelId} is not registered on this deployment.`, {
      next: "Check the id and TOUCHSTONE_DEPLOYMENT.",
    });
  }
  const { sha256Hash: sha256, contentId } = await suite.registry.model(modelId);
  const { cid, uri } = await provenanceOf(suite, modelId);
  const origin = isHttp(uri) ? new URL(uri) : undefined;
  const { manifest, pulled } = await pullParts(files, { modelId, sha256, cid, origin }, sources, given);
  requireRegistered(files, { modelId, contentId }, manifest);
  return { modelId, contentId, files: pulled };
}

/** Keeps the manifest where the files compile with it to what was registered. */
function requireRegistered(
  files: ModelFiles,
  { modelId, contentId }: { readonly modelId: string; readonly contentId: string },
  manifest: Manifest,
): void {
  const hashes = new Map(manifest.data?.map(({ location, sha256 }) => [location, sha256]));
  const read = (kind: FileKind, hash: string): Uint8Array => new Uint8Array(readFileSync(files.pathOf(kind, hash)));
  const data: ExternalData = (location) => {
    const hash = hashes.get(location);
    return hash === undefined ? undefined : read("data", hash);
  };
  const { contentId: compiled } = prepareModel(read("model", manifest.file.sha256), manifest, { data });
  if (compiled !== contentId) {
    throw new TouchstoneError(
      "MODEL_MISMATCH",
      `Model ${modelId} is registered with content ${contentId}, file and manifest compile to ${compiled}.`,
      { next: "Fetch the manifest from the publisher; if it is the publisher's, do not use this registration." },
    );
  }
  files.saveManifest(modelId, manifest);
}
