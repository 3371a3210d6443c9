import type { TypedDataDomain } from "ethers";
import secp256k1 from "secp256k1";

import { fromHex, toHex } from "../audit/bytes.js";
import { wasmKeccak } from "../audit/keccak.js";
import { checksummed } from "./address.js";
import {
  offerDigest,
  receiptDigest,
  signOffer,
  signReceipt,
  type Receipt,
  type ReservationOffer,
  type TypedDataSigner,
} from "./typed-data.js";

/** What a worker signs, wherever its key is kept. */
export interface ReceiptKey {
  offer(domain: TypedDataDomain, offer: ReservationOffer): string | Promise<string>;
  receipt(domain: TypedDataDomain, receipt: Receipt): string | Promise<string>;
}

/** A key that this process holds; it signs by libsecp256k1 in a fraction of a millisecond, where pure JavaScript takes several. */
export interface OwnKey extends ReceiptKey {
  readonly address: string;
  sign(digest: string): string;
}

/** A key that is kept elsewhere. */
export const keyElsewhere = (signer: TypedDataSigner): ReceiptKey => ({
  offer: (domain, offer) => signOffer(signer, domain, offer),
  receipt: (domain, receipt) => signReceipt(signer, domain, receipt),
});

const addressOf = (publicKey: Uint8Array): string =>
  checksummed(toHex(wasmKeccak.hash(publicKey.subarray(1)).subarray(12)).slice(2));

export function receiptKey(privateKey: string): OwnKey {
  const key = fromHex(privateKey);
  const sign = (digest: string): string => {
    const { signature, recid } = secp256k1.ecdsaSign(fromHex(digest), key);
    return `${toHex(signature)}${(27 + recid).toString(16)}`;
  };
  return {
    address: addressOf(secp256k1.publicKeyCreate(key, false)),
    sign,
    offer: (domain, offer) => sign(offerDigest(domain, offer)),
    receipt: (domain, receipt) => sign(receiptDigest(domain, receipt)),
  };
}

/** Who signed a digest; undefined where the bytes are no signature of a key, or one in a form that contracts refuse. */
export function signerOf(digest: string, signature: string): string | undefined {
  const bytes = fromHex(signature);
  const recid = (bytes[64] ?? 0) - 27;
  if (bytes.length !== 65 || (recid !== 0 && recid !== 1)) return undefined;
  const rs = bytes.slice(0, 64);
  try {
    // Contracts take the smaller of the two values of s only.
    if (toHex(secp256k1.signatureNormalize(rs.slice())) !== toHex(rs)) return undefined;
    return addressOf(secp256k1.ecdsaRecover(rs, recid, fromHex(digest), false));
  } catch {
    return undefined;
  }
}
