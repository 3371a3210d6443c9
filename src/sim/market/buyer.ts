import type { Tensor } from "../../audit/graph.js";
import { infer } from "../../client/infer.js";
import { sendReceipt } from "../../client/watcher.js";
import type { ReceiptClaim } from "../../dispute/claims.js";
import { createLogger } from "../../log.js";
import { createCatalogue } from "../../models/catalogue.js";
import { openState } from "../../store/state.js";
import type { Actor } from "../driver/actors.js";
import type { World } from "../driver/world.js";

export interface BuyerOptions {
  readonly actor: Actor;
  /** Its state file. */
  readonly state: string;
  readonly modelId: string;
  /** Whoever checks the receipts. */
  readonly watcher: () => URL;
  readonly maxPrice: bigint;
  /** What it deposits with an operator at a time. */
  readonly deposit: bigint;
}

/** A client that pays for answers with vouchers. */
export interface Buyer {
  /** Every answer that it bought, with its bytes. */
  readonly bought: readonly ReceiptClaim[];
  buy(endpoint: URL, input: Tensor): Promise<ReceiptClaim>;
  /** Asks for what is left of all deposits. */
  thawAll(): Promise<void>;
  /** Takes what has thawed. */
  takeBack(): Promise<void>;
  close(): void;
}

export function createBuyer(world: World, options: BuyerOptions): Buyer {
  const { suite, files } = world;
  const { actor, modelId, maxPrice, deposit } = options;
  const sender = world.sender(actor);
  const state = openState(options.state);
  const tools = { suite, sender, signer: world.signer(actor), state, log: createLogger("client", "silent") };
  const catalogue = createCatalogue(suite, files);
  const bought: ReceiptClaim[] = [];
  const reservations = (): Set<string> => new Set(bought.map(({ receipt }) => receipt.receipt.reservation));

  return {
    bought,
    buy: async (endpoint, input) => {
      const model = await catalogue.get(modelId);
      const { claim } = await infer(tools, { endpoint, model, modelId, inputs: [input], maxPrice, deposit });
      bought.push(claim);
      await sendReceipt(options.watcher(), model, claim);
      return claim;
    },
    thawAll: async () => {
      for (const reservation of reservations()) {
        const { balance } = await suite.receipts.reservationOf(reservation);
        if (balance === 0n) continue;
        await sender.send(await suite.receipts.thaw.populateTransaction(reservation, balance));
      }
    },
    takeBack: async () => {
      const time = await suite.hub.time();
      for (const reservation of reservations()) {
        const { thawing, thawedAt } = await suite.receipts.reservationOf(reservation);
        if (thawing === 0n || time < thawedAt) continue;
        await sender.send(await suite.receipts.withdrawThawed.populateTransaction(reservation, actor.address));
      }
    },
    close: () => state.close(),
  };
}
