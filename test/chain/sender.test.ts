import type { Server } from "node:http";

import { expect } from "chai";
import { Interface, toBeHex, Wallet, type TransactionReceipt } from "ethers";

import { advisedFees } from "../../src/chain/fees.js";
import { memoryJournal, type Journal } from "../../src/chain/journal.js";
import { connectRemoteSigner } from "../../src/chain/remoteSigner.js";
import { createSender, type SenderOptions } from "../../src/chain/sender.js";
import { ANVIL_KEYS, startAnvil, type Anvil } from "../../scripts/support/anvil.js";
import { startSigner } from "../support/signer.js";

const STUCK_MS = 400;
const NO_ERRORS = new Interface([]);
const TO = "0x00000000000000000000000000000000000000aa";

/** Does something once, and reverts from then on. */
const ONCE = "0x70600054600c576001600055005b600080fd6000526011600ff3";

describe("87: sender", function () {
  this.timeout(60_000);
  let chain: Anvil;
  let wallet: Wallet;
  const servers: Server[] = [];

  beforeEach(async () => {
    chain = await startAnvil("--no-mining");
    wallet = new Wallet(ANVIL_KEYS[0], chain.provider);
  });

  afterEach(() => {
    servers.splice(0).forEach((server) => server.close());
    return chain.stop();
  });

  const send = (value: bigint, journal?: Journal): Promise<TransactionReceipt> =>
    senderWith(journal).send({ to: TO, data: "0x", value });
  const senderWith = (journal = memoryJournal(), signer: SenderOptions["signer"] = wallet) =>
    createSender({ provider: chain.provider, signer, errors: NO_ERRORS, journal, stuckMs: STUCK_MS });
  const mine = (): Promise<unknown> => chain.provider.send("evm_mine", []);
  const received = (): Promise<bigint> => chain.provider.getBalance(TO);

  async function pending(): Promise<{ hash: string; maxFeePerGas: bigint }[]> {
    const { pending: pool } = (await chain.provider.send("txpool_content", [])) as {
      pending: Record<string, Record<string, { hash: string; maxFeePerGas: string }>>;
    };
    return Object.values(pool)
      .flatMap((byNonce) => Object.values(byNonce))
      .map(({ hash, maxFeePerGas }) => ({ hash, maxFeePerGas: BigInt(maxFeePerGas) }));
  }

  async function until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 25));
  }

  it("replaces what does not move by the same call with a higher offer, and again, until it is mined; once", async () => {
    const journal = memoryJournal();
    const sent = send(5n, journal);
    await until(async () => (await pending()).length === 1);
    const [first] = await pending();
    await until(async () => (await pending())[0]!.hash !== first!.hash);
    const [second] = await pending();
    expect(second!.maxFeePerGas > (first!.maxFeePerGas * 11n) / 10n).to.equal(true);
    await until(async () => (await pending())[0]!.hash !== second!.hash);
    expect(journal.entries().map(({ value }) => value.attempts.length)).to.deep.equal([3]);
    await mine();
    const receipt = await sent;
    expect(receipt.status).to.equal(1);
    expect([await received(), await wallet.getNonce()]).to.deep.equal([5n, 1]);
    expect(journal.entries()).to.deep.equal([]);
  });

  it("follows a base fee that has outrun the offer", async () => {
    const sent = send(1n);
    await until(async () => (await pending()).length === 1);
    const { maxFeePerGas } = (await pending())[0]!;
    await chain.provider.send("anvil_setNextBlockBaseFeePerGas", [toBeHex(maxFeePerGas * 20n)]);
    await mine();
    const timer = setInterval(() => void mine(), 100);
    expect((await sent).status).to.equal(1);
    clearInterval(timer);
    expect(await received()).to.equal(1n);
  });

  it("starts again where another process of the same key took the nonce", async () => {
    const sent = send(7n);
    await until(async () => (await pending()).length === 1);
    const { maxFeePerGas } = (await pending())[0]!;
    const rival = {
      to: TO,
      value: 100n,
      nonce: 0,
      maxFeePerGas: maxFeePerGas * 3n,
      maxPriorityFeePerGas: maxFeePerGas * 3n,
    };
    await wallet.sendTransaction(rival);
    const timer = setInterval(() => void mine(), 100);
    await sent;
    clearInterval(timer);
    expect([await received(), await wallet.getNonce()]).to.deep.equal([107n, 2]);
  });

  it("replaces a transaction of its key that nobody looks after, offering more until nodes take it", async () => {
    const fees = advisedFees(await chain.provider.getFeeData()) as {
      maxFeePerGas: bigint;
      maxPriorityFeePerGas: bigint;
    };
    const raised = { maxFeePerGas: fees.maxFeePerGas * 2n, maxPriorityFeePerGas: fees.maxPriorityFeePerGas * 2n };
    await wallet.sendTransaction({ to: TO, value: 1_000n, nonce: 0, ...raised });
    const sent = send(3n);
    await until(async () => (await pending())[0]!.maxFeePerGas > raised.maxFeePerGas);
    await mine();
    await sent;
    expect([await received(), await wallet.getNonce()]).to.deep.equal([3n, 1]);
  });

  it("simulates a call when what its key has pending is mined: it may be the same call, and is not paid for twice", async () => {
    const deployed = await wallet.sendTransaction({ data: ONCE });
    await mine();
    const call = { to: (await deployed.wait())!.contractAddress!, data: "0x" };
    await wallet.sendTransaction(call);
    const { provider } = chain;
    const count = provider.getTransactionCount.bind(provider);
    let asked: () => void = () => undefined;
    const looks = new Promise<void>((resolve) => (asked = resolve));
    provider.getTransactionCount = (...about) => count(...about).finally(asked);
    const sent = createSender({ provider, signer: wallet, errors: NO_ERRORS, stuckMs: 30_000 }).send(call);
    sent.catch(() => undefined);
    await looks;
    const timer = setInterval(() => void mine(), 100);
    const thrown: unknown = await sent.catch((error: unknown) => error);
    clearInterval(timer);
    expect((thrown as { code?: string }).code).to.equal("RPC_FAILED");
    expect(await wallet.getNonce()).to.equal(2);
  });

  it("sends again what the pool dropped", async () => {
    const sent = send(9n);
    await until(async () => (await pending()).length === 1);
    await chain.provider.send("anvil_dropAllTransactions", []);
    await until(async () => (await pending()).length === 1);
    await mine();
    await sent;
    expect([await received(), await wallet.getNonce()]).to.deep.equal([9n, 1]);
  });

  it("fills the nonces that a reorganisation took back, so that what it sent after them can be mined; once", async () => {
    const journal = memoryJournal();
    for (const value of [100n, 200n]) {
      const earlier = send(value);
      await until(async () => (await pending()).length === 1);
      await mine();
      await earlier;
    }
    const sent = send(15n, journal);
    await until(async () => (await pending()).length === 1);
    await chain.provider.send("anvil_rollback", [2]);
    expect(await wallet.getNonce()).to.equal(0);
    const timer = setInterval(() => void mine(), 100);
    const receipt = await sent;
    clearInterval(timer);
    expect(receipt.status).to.equal(1);
    expect([await received(), await wallet.getNonce()]).to.deep.equal([15n, 3]);
    expect(journal.entries()).to.deep.equal([]);
  });

  for (const left of [true, false]) {
    it(`after a crash, waits for what ${left ? "left" : "never left"}, and sends nothing twice`, async () => {
      const journal = memoryJournal();
      const lost = send(11n, journal);
      lost.catch(() => undefined);
      await until(async () => journal.entries().length === 1 && (await pending()).length === 1);
      const [flight] = journal.entries();
      if (!left) await chain.provider.send("anvil_dropAllTransactions", []);
      const restored = memoryJournal();
      restored.put(flight!.key, flight!.value);
      const recovered = senderWith(restored).recover();
      await until(async () => (await pending()).length === 1);
      await mine();
      await Promise.all([recovered, lost]);
      expect(restored.entries()).to.deep.equal([]);
      expect([await received(), await wallet.getNonce()]).to.deep.equal([11n, 1]);
    });
  }

  for (const keeper of ["this process", "another program"]) {
    it(`has on disk what it signed before it leaves, where ${keeper} keeps the key`, async () => {
      const journal = memoryJournal();
      const { url, server } = await startSigner([wallet], "plain");
      servers.push(server);
      const remote = (await connectRemoteSigner(url, undefined)).connect(chain.provider);
      const broadcast = chain.provider.broadcastTransaction.bind(chain.provider);
      const left: { raw: string; kept: (string | undefined)[] }[] = [];
      chain.provider.broadcastTransaction = (raw) => {
        left.push({ raw, kept: journal.entries().map(({ value }) => value.attempts.at(-1)?.raw) });
        return broadcast(raw);
      };
      const signer = keeper === "this process" ? wallet : remote;
      const sent = senderWith(journal, signer).send({ to: TO, data: "0x", value: 13n });
      await until(async () => (await pending()).length === 1);
      await mine();
      await sent;
      expect(left.map(({ kept }) => kept)).to.deep.equal(left.map(({ raw }) => [raw]));
      expect(await received()).to.equal(13n);
    });
  }

  it("recovers from what can never be mined: its nonce is used, or nobody can pay for it", async () => {
    const journal = memoryJournal();
    const poor = Wallet.createRandom(chain.provider);
    const raw = await poor.signTransaction({
      to: TO,
      value: 1n,
      nonce: 0,
      gasLimit: 21_000n,
      type: 2,
      chainId: 31_337,
      maxFeePerGas: 2n * 10n ** 9n,
    });
    const call = { to: TO, data: "0x", value: 1n, gasLimit: 21_000n };
    const fees = { maxFeePerGas: 2n * 10n ** 9n, maxPriorityFeePerGas: 0n };
    journal.put("000000000000", { ...call, nonce: 0, attempts: [{ hash: `0x${"11".repeat(32)}`, raw, fees }] });
    await createSender({ provider: chain.provider, signer: poor, errors: NO_ERRORS, journal, stuckMs: 100 }).recover();
    expect(journal.entries()).to.deep.equal([]);
    await wallet.sendTransaction({ to: TO, value: 1n });
    await mine();
    journal.put("000000000000", { ...call, nonce: 0, attempts: [{ hash: `0x${"22".repeat(32)}`, fees }] });
    await senderWith(journal).recover();
    expect([journal.entries().length, await received(), await wallet.getNonce()]).to.deep.equal([0, 1n, 1]);
  });
});
