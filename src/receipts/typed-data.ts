import { TypedDataEncoder, type TypedDataDomain, type TypedDataField } from "ethers";

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

/** Id of a reservation. */
export const offerDigest = (domain: TypedDataDomain, offer: ReservationOffer): string =>
  TypedDataEncoder.hash(domain, mutable(TYPES.offer), offer);

/** Id of the claim that a receipt makes. */
export const receiptDigest = (domain: TypedDataDomain, receipt: Receipt): string =>
  TypedDataEncoder.hash(domain, mutable(TYPES.receipt), receipt);

export const voucherDigest = (domain: TypedDataDomain, voucher: Voucher): string =>
  TypedDataEncoder.hash(domain, mutable(TYPES.voucher), voucher);

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
