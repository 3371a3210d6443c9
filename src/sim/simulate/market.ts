import { join } from "node:path";

import { parseEther } from "ethers";

import type { ReceiptClaim } from "../../dispute/claims.js";
import type { Digit } from "../digits.js";
import type { World } from "../driver/world.js";
import { readBooks, type Books, type FeeToken } from "../market/books.js";
import { createBuyer, type Buyer } from "../market/buyer.js";
import { listFeeToken } from "../market/currency.js";
import { collectEarnings, delegate, type Delegator } from "../market/delegation.js";
import { allowReservations } from "../market/server.js";
import { RECEIPT_PRICE, type Use } from "./options.js";
import type { Member, Population } from "./population.js";

const DEPOSIT = parseEther("0.01");
const TOKENS = parseEther("100");
/** What a delegator backs an operator with. */
const DELEGATED = parseEther("250");

/** What a simulation uses beside jobs in native coin by operators with nothing but their own stake. */
export interface Market {
  readonly feeToken: FeeToken | undefined;
  readonly delegators: readonly Delegator[];
  /** Answers bought by receipt so far. */
  bought(): readonly ReceiptClaim[];
  /** Every seller sells an answer to every digit, the swindler to one. */
  sell(digits: readonly Digit[]): Promise<void>;
  /** Everybody takes what is theirs. */
  settle(): Promise<void>;
  books(): Promise<Books>;
}

/** A token that fees can be paid in, where that is wanted. */
export async function openCurrency(
  world: World,
  uses: readonly Use[],
  consumer: string,
): Promise<FeeToken | undefined> {
  if (!uses.includes("tokens")) return undefined;
  const holder = (await world.actors.get(consumer)).address;
  return { address: await listFeeToken(world, { holder, supply: TOKENS }), holder, supply: TOKENS };
}

/** One delegator for each honest operator and each cheat. */
async function backAll(world: World, members: readonly Member[]): Promise<Delegator[]> {
  const delegators: Delegator[] = [];
  for (const { operator } of members) {
    delegators.push(await delegate(world, { name: `backer of ${operator.name}`, operator, amount: DELEGATED }));
  }
  return delegators;
}

export async function openMarket(
  world: World,
  options: {
    readonly population: Population;
    readonly uses: readonly Use[];
    readonly feeToken: FeeToken | undefined;
    readonly consumer: string;
    readonly modelId: string;
    readonly home: string;
  },
): Promise<Market> {
  const { population, uses, feeToken, modelId, home } = options;
  const { honest, cheats, sellers, watcher } = population;
  const delegators = uses.includes("delegation") ? await backAll(world, [...honest, ...cheats, ...sellers]) : [];
  for (const { operator } of sellers) await allowReservations(world, operator);
  let buyer: Buyer | undefined;
  if (sellers.length > 0) {
    const actor = await world.actors.get(options.consumer);
    const state = join(home, "state", "buyer.sqlite");
    buyer = createBuyer(world, {
      actor,
      state,
      modelId,
      watcher,
      maxPrice: RECEIPT_PRICE,
      deposit: DEPOSIT,
    });
  }
  return {
    feeToken,
    delegators,
    bought: () => buyer?.bought ?? [],
    sell: async (digits) => {
      for (const { fraud, endpoint } of sellers) {
        const asked = fraud === undefined ? digits : digits.slice(0, 1);
        for (const { image } of asked) await buyer?.buy(endpoint(), image);
      }
      await world.clock.settleAnew();
      await buyer?.thawAll();
      await world.clock.settle();
    },
    settle: async () => {
      await buyer?.takeBack();
      for (const delegator of delegators) await collectEarnings(world, delegator);
      await world.clock.settle();
      buyer?.close();
    },
    books: () => readBooks(world, feeToken),
  };
}
