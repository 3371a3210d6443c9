import { id, TypedDataEncoder, Wallet } from "ethers";

import {
  offerDigest,
  type Receipt,
  receiptDigest,
  receiptDomain,
  type ReservationOffer,
  signOffer,
  signReceipt,
  signVoucher,
  TYPES,
  type Voucher,
  voucherDigest,
} from "../../src/receipts/typed-data.js";

/** The key that signs the published vectors; it is public. */
export const VECTOR_KEY = id("touchstone receipt vectors");

const address = (name: string): string => new Wallet(id(name)).address;

/** Domains that differ in one thing each. */
const DOMAINS = [
  { chainId: 1n, escrow: address("escrow") },
  { chainId: 10n, escrow: address("escrow") },
  { chainId: 1n, escrow: address("another escrow") },
] as const;

export const OFFER: ReservationOffer = {
  operator: address("operator"),
  payer: address("payer"),
  lock: 50n * 10n ** 18n,
  currency: "0x0000000000000000000000000000000000000000",
  minDeposit: 10n ** 15n,
  duration: 7 * 86_400,
  activateBy: 1_800_000_000,
  salt: id("offer salt"),
};
const LARGEST_OFFER: ReservationOffer = {
  ...OFFER,
  lock: 2n ** 96n - 1n,
  currency: address("token"),
  minDeposit: 2n ** 128n - 1n,
  duration: 2 ** 32 - 1,
  activateBy: 2 ** 48 - 1,
};

export const RECEIPT: Receipt = {
  requestId: id("request"),
  reservation: id("reservation"),
  modelId: id("model"),
  inputsRoot: id("inputs"),
  outputsRoot: id("outputs"),
  operator: address("operator"),
  consumer: address("consumer"),
  price: 10n ** 12n,
  issuedAt: 1_790_000_000,
  version: 1,
};
const LARGEST_RECEIPT: Receipt = { ...RECEIPT, price: 2n ** 256n - 1n, issuedAt: 2 ** 48 - 1, version: 2 ** 32 - 1 };

export const VOUCHER: Voucher = { reservation: id("reservation"), cumulative: 5n * 10n ** 14n };
const LARGEST_VOUCHER: Voucher = { ...VOUCHER, cumulative: 2n ** 128n - 1n };

const KINDS = {
  offer: { digest: offerDigest, sign: signOffer, messages: [OFFER, LARGEST_OFFER] },
  receipt: { digest: receiptDigest, sign: signReceipt, messages: [RECEIPT, LARGEST_RECEIPT] },
  voucher: { digest: voucherDigest, sign: signVoucher, messages: [VOUCHER, LARGEST_VOUCHER] },
} as const;

export interface ReceiptVector {
  readonly kind: keyof typeof KINDS;
  readonly chainId: string;
  readonly escrow: string;
  readonly domainSeparator: string;
  /** Numbers as decimal text. */
  readonly message: Readonly<Record<string, string>>;
  readonly structHash: string;
  readonly digest: string;
  readonly signature: string;
}

const text = (message: object): Record<string, string> =>
  Object.fromEntries(Object.entries(message).map(([key, value]) => [key, String(value)]));

/** `test/vectors/receipts.json`: what Solidity and TypeScript must both compute. */
export async function receiptVectors(): Promise<{ name: string; content: string }> {
  const signer = new Wallet(VECTOR_KEY);
  const cases: ReceiptVector[] = [];
  for (const { chainId, escrow } of DOMAINS) {
    const domain = receiptDomain(chainId, escrow);
    const domainSeparator = TypedDataEncoder.hashDomain(domain);
    for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) {
      const { digest, sign, messages } = KINDS[kind] as {
        digest: (d: typeof domain, message: object) => string;
        sign: (s: Wallet, d: typeof domain, message: object) => Promise<string>;
        messages: readonly object[];
      };
      const types = TYPES[kind] as unknown as Record<string, { name: string; type: string }[]>;
      for (const message of messages) {
        cases.push({
          kind,
          chainId: String(chainId),
          escrow,
          domainSeparator,
          message: text(message),
          structHash: TypedDataEncoder.hashStruct(Object.keys(types)[0] ?? "", types, message),
          digest: digest(domain, message),
          signature: await sign(signer, domain, message),
        });
      }
    }
  }
  const about = "EIP-712 offers, receipts and vouchers, signed by `signer`. Made by scripts/generate/vectors.ts.";
  const lines = cases.map((each) => JSON.stringify(each)).join(",\n");
  const head = `{"about":${JSON.stringify(about)},\n"signer":${JSON.stringify(signer.address)},\n`;
  return { name: "receipts.json", content: `${head}"cases":[\n${lines}\n]}\n` };
}
