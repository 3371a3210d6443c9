import { expect } from "chai";
import { Interface, Wallet, type JsonRpcProvider } from "ethers";

import { createAgreeingProvider, type Fault } from "../../src/chain/agreement.js";
import { createSender } from "../../src/chain/sender.js";
import { ANVIL_KEYS, startAnvil, type Anvil } from "../../scripts/support/anvil.js";
import { startRpcProxy, type Mood, type RpcProxy } from "../../src/sim/driver/rpc-proxy.js";

/** Emits its input as a log: LOG0 over the calldata. */
const LOGGER = "0x600c600c600039600c6000f3366000600037366000a000".replace(/00$/, "00");
const TO = "0x00000000000000000000000000000000000000bb";
const WRONG: readonly Mood[] = ["silent", "drips", "limits", "closes", "lags", "hides-logs", "forges", "garbles"];
/** Moods in which an endpoint is found out only when its time is over. */
const SLOW: readonly Mood[] = ["silent", "drips"];

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
}

describe("83: provider over several endpoints", function () {
  this.timeout(60_000);
  let chain: Anvil;
  let proxies: RpcProxy[];
  let provider: JsonRpcProvider;
  let faults: Fault[];
  let logger: string;

  before(async () => {
    chain = await startAnvil();
    const deployer = new Wallet(ANVIL_KEYS[1], chain.provider);
    const deployed = await (await deployer.sendTransaction({ data: LOGGER })).wait();
    logger = deployed!.contractAddress!;
    await (await deployer.sendTransaction({ to: logger, data: "0x1234" })).wait();
    await chain.provider.send("anvil_mine", ["0x10"]);
  });

  beforeEach(async () => {
    proxies = await Promise.all([1, 2, 3].map(() => startRpcProxy(chain.rpcUrl)));
    faults = [];
    const rpcUrls = proxies.map(({ rpcUrl }) => rpcUrl);
    provider = createAgreeingProvider({ rpcUrls, timeoutMs: 2_000, onFault: (fault) => faults.push(fault) });
  });

  afterEach(async () => {
    provider.destroy();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  after(() => chain.stop());

  const sender = () =>
    createSender({ provider, signer: new Wallet(ANVIL_KEYS[0], provider), errors: new Interface([]), stuckMs: 2_000 });

  for (const mood of WRONG) {
    for (const which of [0, 2]) {
      it(`sees and does the truth while endpoint ${which} ${mood}`, async () => {
        proxies[which]!.mood = mood;
        const before = await chain.provider.getBalance(TO);
        const receipt = await sender().send({ to: TO, data: "0x", value: 1n });
        expect(receipt.status).to.equal(1);
        expect(await provider.getBalance(TO)).to.equal(before + 1n);
        expect((await provider.getBlock("latest"))!.number).to.equal(await chain.provider.getBlockNumber());
        const logs = await provider.getLogs({ address: logger, fromBlock: 0, toBlock: "latest" });
        expect(logs.map(({ data }) => data)).to.deep.equal(["0x1234"]);
        await new Promise((resolve) => setTimeout(resolve, SLOW.includes(mood) ? 2_200 : 300));
        const blamed = new Set(faults.map(({ endpoint }) => endpoint));
        expect([...blamed]).to.deep.equal(mood === "lags" ? [] : [proxies[which]!.rpcUrl]);
      });
    }
  }

  it("closes its connections to an endpoint that never ends, and tells what most say of a transaction", async () => {
    proxies[2]!.mood = "drips";
    await Promise.all(Array.from({ length: 10 }, () => provider.getBalance(TO)));
    const stale = await new Wallet(ANVIL_KEYS[1]).signTransaction({
      to: TO,
      nonce: 0,
      gasLimit: 21_000n,
      gasPrice: 1n,
    });
    // Nobody takes it, and the third never says so.
    expect(await codeOf(provider.broadcastTransaction(stale))).not.to.equal("none");
    while ((await proxies[2]!.connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 25));
  });

  it("believes nobody where too few agree, says who said what, and goes on when they do again", async () => {
    proxies[0]!.mood = "forges";
    proxies[1]!.mood = "closes";
    expect(await codeOf(provider.getBalance(TO))).to.equal("RPC_DISAGREES");
    expect(await codeOf(sender().send({ to: TO, data: "0x", value: 1n }))).to.equal("RPC_DISAGREES");
    proxies[1]!.mood = "honest";
    await provider.getBalance(TO);
  });

  it("names endpoints without the keys in their paths", async () => {
    const hidden = createAgreeingProvider({
      rpcUrls: [`${chain.rpcUrl}/v3/secret?key=secret`, "http://127.0.0.1:1/secret"],
      onFault: (fault) => faults.push(fault),
    });
    await codeOf(hidden.getBlockNumber());
    hidden.destroy();
    expect(faults.length).to.be.greaterThan(0);
    expect(JSON.stringify(faults)).not.to.include("secret");
  });
});
