import type { TransactionReceipt } from "ethers";

import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import type { ExternalData } from "../onnx/external.js";
import type { ModelFiles } from "./files.js";
import type { Manifest } from "./manifest.js";
import { prepareModel } from "./prepared.js";

export interface Publication {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** The files that the model keeps weights in. */
  readonly data?: ExternalData;
  /** The version that this one succeeds, or 32 zero bytes. */
  readonly parent: string;
  /** Where others find the file; may be empty. */
  readonly uri: string;
  /** Part of each fee, in hundredths of a percent; none where left out. */
  readonly royalty?: number;
}

export interface Published {
  readonly modelId: string;
  readonly contentId: string;
  /** Undefined where this publisher had registered it before. */
  readonly receipt: TransactionReceipt | undefined;
}

/** Compiles a model, keeps its files and registers it with the sender as publisher. */
export async function publishModel(
  { suite, sender, files }: { suite: Suite; sender: Sender; files: ModelFiles },
  { bytes, manifest, data = () => undefined, parent, uri, royalty = 0 }: Publication,
): Promise<Published> {
  const { registry } = suite;
  const { content, contentId } = prepareModel(bytes, manifest, { data });
  const modelId = await registry.modelIdOf(contentId, sender.address);
  files.save({ bytes, manifest, modelId, data });
  if (await registry.exists(modelId)) return { modelId, contentId, receipt: undefined };
  const { deposit } = await registry.parameters();
  const { name, licence, file } = manifest;
  const provenance = { sha256Hash: file.sha256, parent, cid: file.cid, licence, name, uri };
  const call = await registry.register.populateTransaction(content, provenance, royalty, { value: deposit });
  return { modelId, contentId, receipt: await sender.send(call) };
}
