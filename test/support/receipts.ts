import { id, toBeHex, ZeroAddress } from "ethers";

import {
  offerDigest,
  type Receipt,
  receiptDigest,
  receiptDomain,
  type ReservationOffer,
  signOffer,
  signReceipt,
  signVoucher,
  type TypedDataSigner,
} from "../../src/receipts/typed-data.js";
import type { Hub, ReceiptEscrow } from "../../typechain-types/index.js";
import { type AnsweredClaim, deployDisputes, type Disputes, INPUTS, rightOutputs } from "./challenges.js";
import { traceOf } from "./alphabet.js";
import { PARAMETERS } from "./hub.js";
import { listHash } from "./jobs.js";
import { type Connection, DAY, TOKEN } from "./protocol.js";

type Signer = Connection["consumer"];

/** What every test of receipts needs of a deployment. */
export interface ReceiptSetup {
  readonly receipts: ReceiptEscrow;
  readonly hub: Hub;
  readonly modelId: string;
}

export const RECEIPT_PARAMS = PARAMETERS.receipts;
export const LOCK = 100n * TOKEN;
export const DEPOSIT = 10n ** 18n;
export const DURATION = 7 * DAY;

export const domainOf = async (chain: Connection, { receipts }: Pick<ReceiptSetup, "receipts">) =>
  receiptDomain((await chain.ethers.provider.getNetwork()).chainId, await receipts.getAddress());

export const now = (chain: Connection): Promise<number> => chain.networkHelpers.time.latest();

/** An offer of the owner to the consumer. */
export async function offerOf(chain: Connection, change: Partial<ReservationOffer> = {}): Promise<ReservationOffer> {
  return {
    operator: chain.owner.address,
    payer: chain.consumer.address,
    lock: LOCK,
    currency: ZeroAddress,
    minDeposit: DEPOSIT,
    duration: DURATION,
    activateBy: (await now(chain)) + 600,
    salt: id("salt"),
    ...change,
  };
}

export async function signedOffer(
  chain: Connection,
  setup: ReceiptSetup,
  change: Partial<ReservationOffer> = {},
  signer: TypedDataSigner = chain.worker,
) {
  const offer = await offerOf(chain, change);
  const domain = await domainOf(chain, setup);
  return { offer, signature: await signOffer(signer, domain, offer), reservation: offerDigest(domain, offer) };
}

let salts = 0;

/** A reservation of the owner for `payer`, with the native coin deposited. */
export async function reserve(
  chain: Connection,
  setup: ReceiptSetup,
  change: Partial<ReservationOffer> = {},
  payer: Signer = chain.consumer,
): Promise<string> {
  const terms = { payer: payer.address, salt: toBeHex(++salts, 32), ...change };
  const { offer, signature, reservation } = await signedOffer(chain, setup, terms);
  const amount = DEPOSIT > offer.minDeposit ? DEPOSIT : offer.minDeposit;
  const value = offer.currency === ZeroAddress ? amount : 0n;
  await setup.receipts.connect(payer).activate(offer, signature, amount, { value });
  return reservation;
}

/** The suite with a reservation of the owner for the consumer, under a cap that leaves room for more. */
export async function withReservation<S extends ReceiptSetup>(chain: Connection, setup: S) {
  await setup.receipts.connect(chain.owner).setReservationCap(10n * LOCK);
  return { ...setup, reservation: await reserve(chain, setup) };
}

export async function signedVoucher(
  chain: Connection,
  setup: Pick<ReceiptSetup, "receipts">,
  voucher: { reservation: string; cumulative: bigint },
  signer: TypedDataSigner = chain.consumer,
) {
  return { voucher, signature: await signVoucher(signer, await domainOf(chain, setup), voucher) };
}

/** A receipt for made-up bytes, issued now. */
export async function receiptOf(
  chain: Connection,
  setup: ReceiptSetup,
  change: Partial<Receipt> & Pick<Receipt, "reservation">,
): Promise<Receipt> {
  return {
    requestId: id("request"),
    modelId: setup.modelId,
    inputsRoot: id("inputs"),
    outputsRoot: id("outputs"),
    operator: chain.owner.address,
    consumer: chain.consumer.address,
    price: 1n,
    issuedAt: await now(chain),
    version: 1,
    ...change,
  };
}

export async function signedReceipt(
  chain: Connection,
  setup: ReceiptSetup,
  change: Partial<Receipt> & Pick<Receipt, "reservation">,
  signer: TypedDataSigner = chain.worker,
) {
  const receipt = await receiptOf(chain, setup, change);
  const domain = await domainOf(chain, setup);
  return { receipt, signature: await signReceipt(signer, domain, receipt), claimId: receiptDigest(domain, receipt) };
}

/** An answer by receipt about the alphabet model, presented; right, or as `answer` changes the right outputs. */
export async function presentedClaim(
  chain: Connection,
  disputes: Disputes,
  reservation: string,
  options: {
    readonly answer?: (outputs: Uint8Array[]) => void;
    readonly inputs?: readonly Uint8Array[];
    readonly requestId?: string;
    readonly consumer?: string;
    readonly price?: bigint;
  } = {},
): Promise<AnsweredClaim> {
  const { model, layout, receipts } = disputes;
  const { answer = () => undefined, inputs = INPUTS, requestId = toBeHex(++salts, 32) } = options;
  const inputsRoot = listHash(inputs, ["f32"]);
  const outputs = rightOutputs(disputes, inputsRoot);
  answer(outputs);
  const dtypes = layout.outputs.map(({ node }) => layout.nodes[node]!.dtype);
  const { receipt, signature, claimId } = await signedReceipt(chain, disputes, {
    ...{ reservation, requestId, inputsRoot, outputsRoot: listHash(outputs, dtypes) },
    ...(options.consumer === undefined ? {} : { consumer: options.consumer }),
    ...(options.price === undefined ? {} : { price: options.price }),
  });
  await receipts.present(receipt, signature);
  const source = await receipts.getAddress();
  return { id: claimId, inputsRoot, outputs, dtypes, truth: traceOf(model, inputsRoot), source };
}

export type ReservedDisputes = Disputes & { readonly reservation: string };

/** The suite with one reservation, by an owner that allows ten. */
export async function deployReserved(chain: Connection): Promise<ReservedDisputes> {
  const suite = await deployDisputes(chain);
  await suite.receipts.connect(chain.owner).setReservationCap(10n * LOCK);
  return { ...suite, reservation: await reserve(chain, suite) };
}
