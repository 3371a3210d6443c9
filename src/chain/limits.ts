import type { ContractTransaction, Provider } from "ethers";

import { TouchstoneError } from "../errors.js";
import type { Sender } from "./sender.js";

/** What was spent on one day; a collection of a role's state keeps it. */
interface Spending {
  readonly gas: bigint;
  readonly value: bigint;
}

export interface Ledger {
  get(day: string): Spending | undefined;
  put(day: string, spending: Spending): void;
}

export interface Budget {
  /** Native coin for gas in a day (UTC). */
  readonly gas: bigint;
  /** Native coin for bonds and prices of demands in a day; they come back later, or not. */
  readonly value: bigint;
}

/** Whether a transaction was held back by a limit of one's own, which is no fault: what a dry run would send is logged already. */
export const isHeldBack = (thrown: unknown): thrown is TouchstoneError =>
  thrown instanceof TouchstoneError && (thrown.code === "DRY_RUN" || thrown.code === "BUDGET_SPENT");

const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

const spentOn = (ledger: Ledger, day: string): Spending => ledger.get(day) ?? { gas: 0n, value: 0n };

/** Counts what the gas of a mined transaction cost, whatever became of the call. */
export function spendGas(ledger: Ledger, fee: bigint, now = new Date()): void {
  const { gas, value } = spentOn(ledger, dayOf(now));
  ledger.put(dayOf(now), { gas: gas + fee, value });
}

/**
 * Sends within a budget, and nothing beyond it. What was refused is tried again by the role, and goes out the next day.
 * @param sender one that tells of everything that is mined, so that its gas is counted (`spendGas`)
 * @returns a sender that throws TouchstoneError `BUDGET_SPENT` before anything is signed
 */
export function withinBudget(
  sender: Sender,
  options: { provider: Provider; budget: Budget; ledger: Ledger; now?: () => Date },
): Sender {
  const { provider, budget, ledger, now = () => new Date() } = options;
  async function requireBudget(transaction: ContractTransaction): Promise<void> {
    const spent = spentOn(ledger, dayOf(now()));
    const value = spent.value + (transaction.value ?? 0n);
    const refuse = (what: string, most: bigint): TouchstoneError =>
      new TouchstoneError("BUDGET_SPENT", `The day's budget of ${most} for ${what} does not cover the transaction.`, {
        next: "Raise --gas-budget or --bond-budget, or wait for the next day (UTC).",
        retryable: true,
      });
    if (value > budget.value) throw refuse("bonds and prices", budget.value);
    const [gas, { maxFeePerGas, gasPrice }] = await Promise.all([
      provider.estimateGas({ ...transaction, from: sender.address }).catch(() => 0n),
      provider.getFeeData(),
    ]);
    if (spent.gas + gas * (maxFeePerGas ?? gasPrice ?? 0n) > budget.gas) throw refuse("gas", budget.gas);
  }

  return {
    ...sender,
    send: async (transaction) => {
      await requireBudget(transaction);
      const receipt = await sender.send(transaction);
      const day = dayOf(now());
      const { gas, value } = spentOn(ledger, day);
      ledger.put(day, { gas, value: value + (transaction.value ?? 0n) });
      return receipt;
    },
  };
}

/**
 * Sends nothing: simulates, and tells what would have been sent.
 * @returns a sender that throws TouchstoneError `DRY_RUN` where a transaction would have gone out, and the contract's refusal where not
 */
export function dryRun(
  sender: Sender,
  options: {
    simulate: (transaction: ContractTransaction) => Promise<bigint>;
    onSend: (transaction: ContractTransaction, gas: bigint) => void;
  },
): Sender {
  return {
    ...sender,
    send: async (transaction) => {
      options.onSend(transaction, await options.simulate(transaction));
      throw new TouchstoneError("DRY_RUN", "Nothing is sent in a dry run.");
    },
  };
}
