import { ZeroAddress } from "ethers";

import { TestToken__factory } from "../../typechain-types/index.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";
import { ask } from "../http/ask.js";
import { offerDigest, receiptDomain } from "../receipts/typed-data.js";
import { offerAnswer, type Terms } from "../receipts/wire.js";
import type { State } from "../store/state.js";

/** What a payer has with one operator; kept by the operator's address. */
export interface Channel {
  readonly reservation: string;
  readonly operator: string;
  readonly currency: string;
  /** Sum that vouchers have promised so far. */
  readonly spent: bigint;
}

interface Tools {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly state: Pick<State, "collection">;
}

/** A reservation with less left is not used any more: an answer must be inside its life. */
const MARGIN_SECONDS = 120n;
const TIMEOUT_MS = 30_000;
const LIMIT = 64 * 1024;
const ACTIVE = 1n;

/** Sends a token's allowance, where the currency is one. */
async function allow({ suite, sender }: Tools, currency: string, amount: bigint): Promise<void> {
  if (currency === ZeroAddress) return;
  const token = TestToken__factory.connect(currency, suite.provider);
  const { receipts } = suite.deployment;
  if ((await token.allowance(sender.address, receipts)) >= amount) return;
  await sender.send(await token.approve.populateTransaction(receipts, amount));
}

/** @throws TouchstoneError `DEPOSIT_SMALL`: nobody deposits more than it said. */
function requireDeposit(deposit: bigint, least: bigint): void {
  if (deposit >= least) return;
  throw new TouchstoneError("DEPOSIT_SMALL", `A deposit of ${least} is needed, ${deposit} is allowed.`, {
    next: "Raise --deposit.",
  });
}

/** Accepts an operator's offer with a deposit. */
async function reserve(tools: Tools, endpoint: URL, terms: Omit<Terms, "price">, amount: bigint): Promise<Channel> {
  const { suite, sender } = tools;
  const { operator, currency, lock } = terms;
  const url = new URL("/v1/reservations", endpoint);
  const { offer, signature } = await ask(
    url,
    offerAnswer,
    { payer: sender.address },
    { timeoutMs: TIMEOUT_MS, limit: LIMIT },
  );
  if (
    offer.operator !== operator ||
    offer.payer !== sender.address ||
    offer.currency !== currency ||
    offer.lock < lock ||
    offer.minDeposit > amount
  ) {
    throw new TouchstoneError("OFFER_CHANGED", `${endpoint.origin} offers other terms than it published.`, {
      next: "Look at its terms again; deposit at least what it asks.",
    });
  }
  await allow(tools, currency, amount);
  const value = currency === ZeroAddress ? amount : 0n;
  await sender.send(await suite.receipts.activate.populateTransaction(offer, signature, amount, { value }));
  const domain = receiptDomain(suite.deployment.chainId, suite.deployment.receipts);
  return { reservation: offerDigest(domain, offer), operator, currency, spent: 0n };
}

/**
 * The reservation to pay an answer from: the known one while it lives, with more deposited where it falls short, else a new
 * one.
 */
export async function openReservation(
  tools: Tools,
  request: { endpoint: URL; terms: Omit<Terms, "price">; deposit: bigint; price: bigint },
): Promise<Channel> {
  const { suite, sender, state } = tools;
  const { endpoint, terms, deposit, price } = request;
  const channels = state.collection<Channel>("channel");
  const known = channels.get(terms.operator);
  if (known?.currency === terms.currency) {
    const [r, time] = await Promise.all([suite.receipts.reservationOf(known.reservation), suite.hub.time()]);
    if (r.status === ACTIVE && time + MARGIN_SECONDS <= r.end) {
      const missing = known.spent + price - (r.collected + r.balance - r.thawing);
      if (missing <= 0n) return known;
      requireDeposit(deposit, missing);
      await allow(tools, known.currency, deposit);
      const value = known.currency === ZeroAddress ? deposit : 0n;
      await sender.send(await suite.receipts.deposit.populateTransaction(known.reservation, deposit, { value }));
      return known;
    }
  }
  requireDeposit(deposit, terms.minDeposit > price ? terms.minDeposit : price);
  const channel = await reserve(tools, endpoint, terms, deposit);
  channels.put(terms.operator, channel);
  return channel;
}
