import { TypedDataEncoder, type TypedDataDomain, type TypedDataField } from "ethers";

import { concat, fromHex, toHex, writeDigits } from "../audit/bytes.js";
import { wasmKeccak } from "../audit/keccak.js";
import { TouchstoneError } from "../errors.js";

/** `ReservationOffer` of `contracts/types/Receipt.sol`: an operator's promise to set stake aside for a payer. */
export interface ReservationOffer {
  readonly operator: string;
  readonly payer: string;
  readonly lock: bigint;
  /** Token address, or the zero address for the native coin. */
  readonly currency: string;
  readonly minDeposit: bigint;
  /** Seconds from activation. */
  readonly duration: number;
  /** Chain time, seconds. */
  readonly activateBy: number;
  readonly salt: string;
}

/** `Receipt` of `contracts/types/Receipt.sol`: an operator's signed answer. */
export interface Receipt {
  readonly requestId: string;
  readonly reservation: string;
  readonly modelId: string;
  readonly inputsRoot: string;
  readonly outputsRoot: string;
  readonly operator: string;
  readonly consumer: string;
  readonly price: bigint;
  /** Chain time, seconds. */
  readonly issuedAt: number;
  readonly version: number;
}

/** `Voucher` of `contracts/types/Receipt.sol`: everything that a reservation's payer owes so far. */
export interface Voucher {
  readonly reservation: string;
  readonly cumulative: bigint;
}

const field = (name: string, type: string): TypedDataField => ({ name, type });

/** EIP-712 types; `contracts/libraries/ReceiptHashes.sol` has the same, and `test/vectors/receipts.json` holds both to it. */
export const TYPES = {
  offer: {
    ReservationOffer: [
      field("operator", "address"),
      field("payer", "address"),
      field("lock", "uint96"),
      field("currency", "address"),
      field("minDeposit", "uint128"),
      field("duration", "uint32"),
      field("activateBy", "uint48"),
      field("salt", "bytes32"),
    ],
  },
  receipt: {
    Receipt: [
      field("requestId", "bytes32"),
      field("reservation", "bytes32"),
      field("modelId", "bytes32"),
      field("inputsRoot", "bytes32"),
      field("outputsRoot", "bytes32"),
      field("operator", "address"),
      field("consumer", "address"),
      field("price", "uint256"),
      field("issuedAt", "uint48"),
      field("version", "uint32"),
    ],
  },
  voucher: { Voucher: [field("reservation", "bytes32"), field("cumulative", "uint128")] },
} as const;

/** The domain of one `ReceiptEscrow`. */
export const receiptDomain = (chainId: number | bigint, escrow: string): TypedDataDomain => ({
  name: "Touchstone Receipts",
  version: "1",
  chainId,
  verifyingContract: escrow,
});

type Fields = Record<string, TypedDataField[]>;
const mutable = (types: Readonly<Record<string, readonly TypedDataField[]>>): Fields => types as Fields;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Hash of a struct type, and its fields in order, each with the most hexadecimal digits that it can have. */
interface StructType {
  readonly hash: Uint8Array;
  readonly fields: readonly { readonly name: string; readonly type: string; readonly digits: number }[];
}

const bitsOf = (type: string): number =>
  type === "address" ? 160 : type === "bytes32" ? 256 : Number(type.slice("uint".length));

function structOf(types: Readonly<Record<string, readonly TypedDataField[]>>): StructType {
  const [name, fields] = Object.entries(types)[0]!;
  const text = `${name}(${fields.map(({ name: field, type }) => `${type} ${field}`).join()})`;
  const sized = fields.map(({ name: field, type }) => ({ name: field, type, digits: bitsOf(type) / 4 }));
  return { hash: wasmKeccak.hash(ascii(text)), fields: sized };
}

const STRUCTS = { offer: structOf(TYPES.offer), receipt: structOf(TYPES.receipt), voucher: structOf(TYPES.voucher) };

/** Separators of domains: they are the same for every message. */
const separators = new WeakMap<TypedDataDomain, Uint8Array>();

function separatorOf(domain: TypedDataDomain): Uint8Array {
  const known = separators.get(domain);
  if (known !== undefined) return known;
  const fresh = fromHex(TypedDataEncoder.hashDomain(domain));
  separators.set(domain, fresh);
  return fresh;
}

const WORD = 32;
const PREFIX = Uint8Array.of(0x19, 0x01);

/** All fields of these structs are one word each: numbers, addresses and hashes. */
function digestOf({ hash, fields }: StructType, domain: TypedDataDomain, message: object): string {
  const words = new Uint8Array(WORD * (1 + fields.length));
  words.set(hash);
  let end = WORD;
  for (const { name, type, digits: most } of fields) {
    const value = (message as Readonly<Record<string, string | number | bigint>>)[name]!;
    const digits = typeof value === "string" ? value.slice(2) : value.toString(16);
    if (digits.startsWith("-") || digits.length > most) {
      throw new TouchstoneError("FIELD_RANGE", `${name} = ${value} is no ${type}.`);
    }
    writeDigits(digits, words, (end += WORD));
  }
  return toHex(wasmKeccak.hash(concat([PREFIX, separatorOf(domain), wasmKeccak.hash(words)])));
}

/** Id of a reservation. */
export const offerDigest = (domain: TypedDataDomain, offer: ReservationOffer): string =>
  digestOf(STRUCTS.offer, domain, offer);

/** Id of the claim that a receipt makes. */
export const receiptDigest = (domain: TypedDataDomain, receipt: Receipt): string =>
  digestOf(STRUCTS.receipt, domain, receipt);

export const voucherDigest = (domain: TypedDataDomain, voucher: Voucher): string =>
  digestOf(STRUCTS.voucher, domain, voucher);

/** Whatever signs typed data: a wallet, or any other ethers signer. */
export interface TypedDataSigner {
  signTypedData(domain: TypedDataDomain, types: Fields, value: Record<string, unknown>): Promise<string>;
}

export const signOffer = (signer: TypedDataSigner, domain: TypedDataDomain, offer: ReservationOffer): Promise<string> =>
  signer.signTypedData(domain, mutable(TYPES.offer), { ...offer });

export const signReceipt = (signer: TypedDataSigner, domain: TypedDataDomain, receipt: Receipt): Promise<string> =>
  signer.signTypedData(domain, mutable(TYPES.receipt), { ...receipt });

export const signVoucher = (signer: TypedDataSigner, domain: TypedDataDomain, voucher: Voucher): Promise<string> =>
  signer.signTypedData(domain, mutable(TYPES.voucher), { ...voucher });
