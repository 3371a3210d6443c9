import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { chainIdOf, connectSuite, createProvider } from "../../src/chain/suite.js";

const ADDRESSES = {
  token: ZeroAddress,
  hub: ZeroAddress,
  registry: ZeroAddress,
  staking: ZeroAddress,
  profiles: ZeroAddress,
  fees: ZeroAddress,
  arbiter: ZeroAddress,
  challenges: ZeroAddress,
  offers: ZeroAddress,
  jobs: ZeroAddress,
  receipts: ZeroAddress,
  lottery: ZeroAddress,
  accountLens: ZeroAddress,
  claimLens: ZeroAddress,
};

describe("suite", () => {
  it("connects without a word on standard output, which belongs to the commands' results", () => {
    const written: unknown[] = [];
    const original = console.log;
    console.log = (...args: unknown[]) => void written.push(args);
    try {
      const { abi } = connectSuite(createProvider("http://127.0.0.1:1"), { chainId: 1, block: 0, ...ADDRESSES });
      expect(abi.getError("InsideDomain")).not.to.equal(null);
      expect(abi.getEvent("JobAnswered")).not.to.equal(null);
    } finally {
      console.log = original;
    }
    expect(written).to.deep.equal([]);
  });

  it("gives up an answer of its only node that never ends", async () => {
    const server = createServer((_, response) => {
      const dripping = setInterval(() => response.write(" "), 20);
      response.once("close", () => clearInterval(dripping));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = createProvider(rpcUrl, { timeoutMs: 300 });
    const thrown: unknown = await provider.send("eth_chainId", []).catch((error: unknown) => error);
    expect((thrown as { code?: string }).code).to.equal("TIMEOUT");
    const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    while ((await connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    provider.destroy();
    server.close();
  });

  describe("a chain's id", () => {
    const closers: (() => void)[] = [];

    afterEach(() => {
      for (const close of closers.splice(0)) close();
    });

    /** An endpoint of a chain; undefined: it takes questions and never answers. */
    async function endpoint(chainId: number | undefined): Promise<string> {
      const server = createServer((_, response) => {
        if (chainId !== undefined)
          response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: `0x${chainId.toString(16)}` }));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      closers.push(() => {
        server.closeAllConnections();
        server.close();
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    const codeOf = (asked: Promise<number>): Promise<unknown> =>
      asked.catch((thrown: unknown) => (thrown as { code?: string }).code);
    const away = "http://127.0.0.1:1";

    it("is what most endpoints say: a role starts while its first one is away, silent or another chain's", async () => {
      const [a, b] = [await endpoint(31_337), await endpoint(31_337)];
      for (const first of [away, await endpoint(undefined), await endpoint(1)]) {
        expect(await chainIdOf(first, [a, b]), first).to.equal(31_337);
      }
    });

    it("is nobody's where most are away or differ", async () => {
      const [a, b] = [await endpoint(31_337), await endpoint(1)];
      expect(await codeOf(chainIdOf(a, [away, away]))).to.equal("RPC_UNREACHABLE");
      expect(await codeOf(chainIdOf(a, [b]))).to.equal("RPC_DISAGREES");
      expect(await codeOf(chainIdOf(a, [away, b]))).to.equal("RPC_DISAGREES");
      expect(await codeOf(chainIdOf(away))).to.equal("RPC_UNREACHABLE");
    });
  });
});
