import { expect } from "chai";
import { Interface, parseEther, Wallet } from "ethers";

import { dryRun, withinBudget } from "../../src/chain/limits.js";
import { createSender } from "../../src/chain/sender.js";
import { ANVIL_KEYS, startAnvil, type Anvil } from "../../scripts/support/anvil.js";

const TO = "0x00000000000000000000000000000000000000cc";
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

  const sender = () => {
    const { provider } = chain;
    return createSender({ provider, signer: new Wallet(ANVIL_KEYS[0], provider), errors: new Interface([]) });
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
