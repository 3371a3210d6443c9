import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { Transaction, type TransactionLike, TypedDataEncoder, verifyTypedData, Wallet } from "ethers";

import { connectRemoteSigner } from "../../src/chain/remoteSigner.js";

const DOMAIN = { name: "Touchstone", version: "1", chainId: 5 };
const TYPES = { Voucher: [{ name: "cumulative", type: "uint256" }] };

/** How a signer behaves: like the common ones, or badly. */
type Manner = "plain" | "wrapped" | "other key" | "other transaction" | "no typed data" | "refuses";

/** A signing program over HTTP, with real keys. */
async function startSigner(keys: readonly Wallet[], manner: Manner): Promise<{ url: string; server: Server }> {
  const stranger = Wallet.createRandom();
  async function answer(method: string, params: unknown[]): Promise<unknown> {
    if (method === "eth_accounts") return keys.map(({ address }) => address.toLowerCase());
    if (manner === "refuses") throw new Error("denied by the user");
    if (method === "eth_signTransaction") {
      const { from, gas, ...rest } = params[0] as Record<string, string>;
      const asked = { ...rest, gasLimit: gas, type: rest["gasPrice"] === undefined ? 2 : 0 } as TransactionLike;
      if (manner === "other transaction") asked.value = 7n;
      const key = keys.find(({ address }) => address === from);
      const raw = await (manner === "other key" ? stranger : key!).signTransaction(asked);
      return manner === "wrapped" ? { raw, tx: {} } : raw;
    }
    if (method === "eth_signTypedData" || (method === "eth_signTypedData_v4" && manner === "plain")) {
      const { domain, types, message } = JSON.parse(String(params[1])) as {
        domain: object;
        types: Record<string, { name: string; type: string }[]>;
        message: Record<string, unknown>;
      };
      const { EIP712Domain: _, ...own } = types;
      return keys.find(({ address }) => address === params[0])!.signTypedData(domain, own, message);
    }
    throw Object.assign(new Error("no such method"), { code: -32_601 });
  }
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      answer(method, params).then(
        (result) => response.end(JSON.stringify({ jsonrpc: "2.0", id, result })),
        (thrown: unknown) => {
          const { code = -32_000, message } = thrown as Error & { code?: number };
          response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe("a key that another program keeps", () => {
  const keys = [Wallet.createRandom(), Wallet.createRandom()].map(({ privateKey }) => new Wallet(privateKey));
  const servers: Server[] = [];
  after(() => servers.forEach((server) => server.close()));

  async function signer(manner: Manner, from: readonly Wallet[] = keys.slice(0, 1), wanted?: string) {
    const { url, server } = await startSigner(from, manner);
    servers.push(server);
    return connectRemoteSigner(url, wanted);
  }

  const asked = { chainId: 5, nonce: 3, gasLimit: 21_000n, to: keys[1]!.address, value: 1n, data: "0x" };

  for (const manner of ["plain", "wrapped"] as const) {
    it(`signs transactions of both kinds, and typed data: ${manner} answers`, async () => {
      const remote = await signer(manner);
      for (const fees of [
        { type: 2, maxFeePerGas: 9n, maxPriorityFeePerGas: 1n },
        { type: 0, gasPrice: 9n },
      ]) {
        const signed = Transaction.from(await remote.signTransaction({ ...asked, ...fees }));
        expect([signed.from, signed.value, signed.nonce]).deep.equal([keys[0]!.address, 1n, 3]);
      }
      const value = { cumulative: 12_345_678_901_234_567_890n };
      const signature = await remote.signTypedData(DOMAIN, TYPES, value);
      expect(verifyTypedData(DOMAIN, TYPES, value, signature)).equal(keys[0]!.address);
      expect(TypedDataEncoder.hash(DOMAIN, TYPES, value)).match(/^0x/);
    });
  }

  it("takes nothing that was not asked for, and says who refused", async () => {
    for (const manner of ["other key", "other transaction", "refuses"] as const) {
      const remote = await signer(manner);
      const error = await remote
        .signTransaction({ ...asked, type: 2, maxFeePerGas: 9n, maxPriorityFeePerGas: 1n })
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      expect(error, manner).include({ code: "SIGNER_REFUSED" });
    }
  });

  it("needs to be told which of several accounts to use", async () => {
    const error = await signer("plain", keys).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).include({ code: "SIGNER_REFUSED" });
    expect((await signer("plain", keys, keys[1]!.address)).address).equal(keys[1]!.address);
  });
});
