import { expect } from "chai";
import { id, parseEther, toBeHex, ZeroAddress } from "ethers";

import { type Receipt, receiptDomain, signOffer, signReceipt, signVoucher } from "../../src/receipts/typed-data.js";
import { deployDisputes } from "../support/challenges.js";
import { connect, type Connection, TOKEN } from "../support/protocol.js";
import {
  DEPOSIT,
  deployReserved,
  domainOf,
  receiptOf,
  reserve,
  type ReservedDisputes,
  signedOffer,
  signedReceipt,
  signedVoucher,
} from "../support/receipts.js";

const ONE = parseEther("0.1");

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on what receipts' parties sign", () => {
  let chain: Connection;
  let setup: ReservedDisputes;
  const fixture = () => deployReserved(chain);

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  const voucher = (cumulative: bigint) => signedVoucher(chain, setup, { reservation: setup.reservation, cumulative });
  const receipt = (change: Partial<Receipt> = {}) =>
    signedReceipt(chain, setup, { reservation: setup.reservation, ...change });
  const nothing = (call: Promise<unknown>) =>
    expect(call).to.be.revertedWithCustomError(setup.receipts, "NothingToCollect");

  it("27: what was signed for one purpose, contract or chain is nothing for another", async () => {
    const { receipts } = setup;
    const { reservation } = setup;
    const [here, message] = [await domainOf(chain, setup), { reservation, cumulative: ONE }];
    const foreign = [
      receiptDomain(BigInt(here.chainId!) + 1n, here.verifyingContract!),
      receiptDomain(BigInt(here.chainId!), await setup.jobs.getAddress()),
      { ...here, version: "2" },
      { ...here, name: "Touchstone" },
    ];
    for (const domain of foreign) {
      const signature = await signVoucher(chain.consumer, domain, message);
      await nothing(receipts.collect([{ voucher: message, signature }]));
    }
    // The payer's key is also the operator's worker: still no document stands for another.
    const self = await reserve(chain, setup, {}, chain.worker);
    const offer = (await signedOffer(chain, setup, { salt: id("another") })).offer;
    const signedAsOffer = await signOffer(chain.worker, here, offer);
    const signedAsReceipt = await signReceipt(chain.worker, here, await receiptOf(chain, setup, { reservation: self }));
    for (const signature of [signedAsOffer, signedAsReceipt]) {
      await nothing(receipts.collect([{ voucher: { reservation: self, cumulative: ONE }, signature }]));
    }
    const signedAsVoucher = await signVoucher(chain.worker, here, { reservation: self, cumulative: ONE });
    await expect(
      receipts.present(await receiptOf(chain, setup, { reservation: self }), signedAsVoucher),
    ).to.be.revertedWithCustomError(receipts, "WrongSigner");
  });

  it("30: random documents have the same ids in Solidity and TypeScript", async () => {
    const { receipts } = setup;
    const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
    const random = (n: number, bits: bigint): bigint => BigInt(id(`${seed} ${n}`)) & ((1n << bits) - 1n);
    for (let n = 0; n < 16; n++) {
      const address = (k: number): string => toBeHex(random(100 * n + k, 160n), 20);
      const { receipt: document, claimId } = await receipt({
        requestId: id(`${seed} request ${n}`),
        operator: address(1),
        consumer: address(2),
        price: random(100 * n + 3, 256n),
        issuedAt: Number(random(100 * n + 4, 48n)),
        version: Number(random(100 * n + 5, 32n)),
      });
      expect(await receipts.hashReceipt(document), `seed ${seed}`).to.equal(claimId);
      const { offer, reservation } = await signedOffer(chain, setup, {
        payer: address(6),
        lock: random(100 * n + 7, 96n),
        currency: address(8),
        minDeposit: random(100 * n + 9, 128n),
        duration: Number(random(100 * n + 10, 32n)),
        activateBy: Number(random(100 * n + 11, 48n)),
      });
      expect(await receipts.hashOffer(offer), `seed ${seed}`).to.equal(reservation);
    }
  });

  it("31: no field of an offer, a receipt or a voucher can be altered", async () => {
    const { receipts } = setup;
    const altered = <T extends object>(document: T): T[] =>
      Object.entries(document).map(([key, value]: [string, unknown]) => {
        const other =
          typeof value === "string"
            ? value.length === 42
              ? chain.stranger.address
              : id(`other ${key}`)
            : typeof value === "bigint"
              ? value + 1n
              : Number(value) - 1;
        return { ...document, [key]: other };
      });
    const { receipt: document, signature } = await receipt();
    for (const other of altered(document)) {
      await expect(
        receipts.present(other, signature),
        JSON.stringify(other, (_, v: unknown) => String(v)),
      ).to.revert(chain.ethers);
    }
    const signed = await signedOffer(chain, setup, { salt: id("altered") });
    for (const other of altered(signed.offer)) {
      const payer = other.payer === chain.stranger.address ? chain.stranger : chain.consumer;
      const value = other.currency === ZeroAddress ? 2n * DEPOSIT : 0n;
      const call = receipts.connect(payer).activate(other, signed.signature, 2n * DEPOSIT, { value });
      await expect(call).to.revert(chain.ethers);
    }
    const paid = await voucher(ONE);
    for (const other of altered(paid.voucher)) await nothing(receipts.collect([{ ...paid, voucher: other }]));
    // As signed, all three are good.
    await receipts.present(document, signature);
    await receipts.connect(chain.consumer).activate(signed.offer, signed.signature, DEPOSIT, { value: DEPOSIT });
    await receipts.collect([paid]);
  });

  it("33: nothing signed here means anything at a second deployment", async () => {
    // The suite once more, on the same chain, with the same operator, worker and payer.
    const there = await deployDisputes(chain);
    await there.receipts.connect(chain.owner).setReservationCap(1000n * TOKEN);
    const reservation = await reserve(chain, there, {}, chain.consumer);
    const here = await signedOffer(chain, setup, { salt: id("here") });
    await expect(
      there.receipts.connect(chain.consumer).activate(here.offer, here.signature, DEPOSIT, { value: DEPOSIT }),
    ).to.be.revertedWithCustomError(there.receipts, "WrongSigner");
    // The same reservation named, the same parties, another contract.
    const signed = await signedVoucher(chain, setup, { reservation, cumulative: ONE });
    await nothing(there.receipts.collect([signed]));
    const answered = await signedReceipt(chain, setup, { reservation });
    await expect(there.receipts.present(answered.receipt, answered.signature)).to.be.revertedWithCustomError(
      there.receipts,
      "WrongSigner",
    );
  });
});
