import { importer } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";

import { TouchstoneError } from "../errors.js";

/** The IPFS CID that `ipfs add --cid-version 1` gives a file: UnixFS, raw leaves, 256 KiB chunks, balanced, 174 links a node. */
export const cidOf = (bytes: Uint8Array): Promise<string> => cidOfStream([bytes]);

/** The same of bytes that come in parts. */
export async function cidOfStream(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  // Only the root is wanted, so blocks are hashed and dropped.
  const nowhere = { get: () => unreadable(), put: <T>(key: T) => key };
  const entries = importer([{ content }], nowhere, {
    cidVersion: 1,
    rawLeaves: true,
    reduceSingleLeafToSelf: true,
    chunker: fixedSize({ chunkSize: 262_144 }),
    layout: balanced({ maxChildrenPerNode: 174 }),
  });
  let root: string | undefined;
  for await (const entry of entries) root = entry.cid.toString();
  if (root === undefined) throw new TouchstoneError("CID_EMPTY", "An importer gave no root for a file.");
  return root;
}

function unreadable(): never {
  throw new TouchstoneError("CID_READ", "The importer read a block back while hashing.");
}
