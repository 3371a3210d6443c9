import { fromHex } from "../../audit/bytes.js";
import { parseEther } from "ethers";

import type { Digit } from "../digits.js";
import { classOf, scoresOf } from "../digits.js";
import type { Operator } from "../driver/operators.js";
import { fraudArgs } from "../driver/processes.js";
import type { World } from "../driver/world.js";
import type { Buyer } from "../market/buyer.js";
import { collectEarnings, delegate, type Delegator } from "../market/delegation.js";
import { allowReservations, serveArgs, startServer } from "../market/server.js";
import { score } from "../report/format.js";
import type { Sink } from "../report/sink.js";
import { PATRONS, SELLER, SWINDLER } from "./cast.js";

/** What an answer by receipt costs, and what the client deposits with each operator. */
export const RECEIPT_PRICE = parseEther("0.0001");
export const DEPOSIT = parseEther("0.01");
/** Vouchers are collected when three answers are due, and sooner only where the deposit leaves. */
export const COLLECT_FROM = 3n * RECEIPT_PRICE;

const TOKEN = 10n ** 18n;

export interface Market {
  readonly sink: Sink;
  readonly world: World;
  readonly seed: number;
  readonly modelId: string;
  readonly buyer: Buyer;
  readonly digits: readonly Digit[];
}

/** Lets everybody in who backs an operator of this name. */
export async function backOperator(world: World, operator: Operator): Promise<Delegator[]> {
  const delegators: Delegator[] = [];
  for (const { name, operator: backed, tokens } of PATRONS) {
    if (backed !== operator.name) continue;
    delegators.push(await delegate(world, { name, operator, amount: tokens * TOKEN }));
  }
  return delegators;
}

/**
 * Answers by HTTP: the seller's are right and paid by vouchers, in one transaction; the swindler's is wrong, and is presented
 * and challenged.
 */
export async function sellByReceipt(market: Market, seller: URL, swindler: URL): Promise<void> {
  const { sink, buyer, digits } = market;
  const said: string[] = [];
  for (const [name, endpoint, images] of [
    [SELLER, seller, digits],
    [SWINDLER.name, swindler, digits.slice(0, 1)],
  ] as const) {
    for (const { image } of images) {
      const { outputs } = await buyer.buy(endpoint, image);
      const scores = scoresOf(fromHex(outputs[0] ?? "0x"));
      const digit = classOf(scores);
      said.push(`${name} "${digit}" (${score(scores[digit] ?? NaN)})`);
    }
  }
  sink.text([`  by HTTP, without transactions: ${said.join(", ")}`, ""]);
}

/** The swindler and who backs it; its process serves by HTTP. */
export async function letSwindlerIn(
  market: Market,
  operator: Operator,
): Promise<{ endpoint: URL; delegators: Delegator[] }> {
  const { world, modelId, seed } = market;
  const delegators = await backOperator(world, operator);
  await allowReservations(world, operator);
  const { endpoint } = await startServer(world, {
    name: `worker ${operator.name}`,
    actor: operator.worker,
    args: [...fraudArgs(SWINDLER.fraud, seed), ...serveArgs(modelId, RECEIPT_PRICE)],
  });
  return { endpoint, delegators };
}

/** Delegators take what they have earned. */
export async function payDelegators(world: World, delegators: readonly Delegator[]): Promise<void> {
  for (const delegator of delegators) await collectEarnings(world, delegator);
}
