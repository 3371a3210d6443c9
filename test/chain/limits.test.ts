import { expect } from "chai";
import { Interface, parseEther, type TransactionReceipt, Wallet } from "ethers";

import { dryRun, spendGas, withinBudget } from "../../src/chain/limits.js";
import { createSender } from "../../src/chain/sender.js";
import { ANVIL_KEYS, startAnvil, type Anvil } from "../../scripts/support/anvil.js";

const TO = "0x00000000000000000000000000000000000000cc";
/** Reverts where gas has a price: when it is mined, and not when it is simulated. */
const REVERTS_IF_PAID = "0x693a600557005b600080fd600052600a6016f3";
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "sent",
    (thrown: unknown) => (thrown as { code: string }).code,
  );

describe("limits of a sender", function () {
  this.timeout(60_000);
  let chain: Anvil;
  before(async () => (chain = await startAnvil()));
  after(() => chain.stop());

  const sender = (onMined?: (receipt: TransactionReceipt) => void) => {
    const { provider } = chain;
    const signer = new Wallet(ANVIL_KEYS[0], provider);
    return createSender({ provider, signer, errors: new Interface([]), ...(onMined === undefined ? {} : { onMined }) });
  };

  function ledger() {
    const kept = new Map<string, { gas: bigint; value: bigint }>();
    return {
      get: (day: string) => kept.get(day),
      put: (day: string, spent: { gas: bigint; value: bigint }) => void kept.set(day, spent),
    };
  }

  it("a day's value and gas are spent to the last wei and no further; the next day has its own", async () => {
    let now = new Date("2026-01-01T23:59:59Z");
    const options = { provider: chain.provider, ledger: ledger(), now: () => now };
    const limited = withinBudget(sender(), { ...options, budget: { gas: parseEther("1"), value: 10n } });
    const send = (value: bigint) => codeOf(limited.send({ to: TO, data: "0x", value }));
    expect([await send(11n), await send(7n), await send(4n), await send(3n), await send(1n)]).to.deep.equal([
      ...["BUDGET_SPENT", "sent", "BUDGET_SPENT", "sent", "BUDGET_SPENT"],
    ]);
    now = new Date("2026-01-02T00:00:00Z");
    expect(await send(10n)).to.equal("sent");
    expect(await chain.provider.getBalance(TO)).to.equal(20n);
    const poor = withinBudget(sender(), { ...options, ledger: ledger(), budget: { gas: 1n, value: 10n } });
    expect(await codeOf(poor.send({ to: TO, data: "0x", value: 1n }))).to.equal("BUDGET_SPENT");
  });

  it("gas of what is mined and reverts is spent, too", async () => {
    const { provider } = chain;
    const deployed = await (
      await new Wallet(ANVIL_KEYS[1], provider).sendTransaction({ data: REVERTS_IF_PAID })
    ).wait();
    const kept = ledger();
    const now = new Date("2026-01-01T12:00:00Z");
    const fees: bigint[] = [];
    const counted = sender(({ fee }) => {
      fees.push(fee);
      spendGas(kept, fee, now);
    });
    const budget = { gas: parseEther("1"), value: 0n };
    const limited = withinBudget(counted, { provider, ledger: kept, now: () => now, budget });
    const call = { to: deployed!.contractAddress!, data: "0x" };
    expect(await codeOf(limited.send(call))).to.equal("TRANSACTION_REVERTED");
    expect(fees).to.have.length(1);
    expect(kept.get("2026-01-01")).to.deep.equal({ gas: fees[0], value: 0n });
  });

  it("a dry run tells what it would send, and sends nothing", async () => {
    const told: bigint[] = [];
    const before = await chain.provider.getBalance(TO);
    const dry = dryRun(sender(), {
      simulate: (transaction) => chain.provider.estimateGas(transaction),
      onSend: ({ value }, gas) => told.push(value ?? 0n, gas),
    });
    expect(await codeOf(dry.send({ to: TO, data: "0x", value: 5n }))).to.equal("DRY_RUN");
    expect(told).to.deep.equal([5n, 21_000n]);
    expect(await chain.provider.getBalance(TO)).to.equal(before);
  });
});
