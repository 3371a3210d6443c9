import type { Server } from "node:http";

import { expect } from "chai";
import { Transaction, TypedDataEncoder, verifyTypedData, Wallet } from "ethers";

import { connectRemoteSigner } from "../../src/chain/remoteSigner.js";
import { startSigner, type Manner } from "../support/signer.js";

const DOMAIN = { name: "Touchstone", version: "1", chainId: 5 };
const TYPES = { Voucher: [{ name: "cumulative", type: "uint256" }] };

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
