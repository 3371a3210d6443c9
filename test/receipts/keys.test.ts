import { expect } from "chai";
import { id, Signature, SigningKey, TypedDataEncoder, Wallet } from "ethers";

import { receiptKey, signerOf } from "../../src/receipts/keys.js";
import { receiptDigest, receiptDomain, TYPES, voucherDigest } from "../../src/receipts/typed-data.js";
import { RECEIPT } from "../support/receipt-vectors.js";

/** Order of the curve. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("native keys and digests", () => {
  const wallet = Wallet.createRandom();
  const key = receiptKey(wallet.privateKey);

  it("sign as ethers does, byte for byte, and name the signer", () => {
    expect(key.address).to.equal(wallet.address);
    for (let i = 0; i < 50; i++) {
      const digest = id(`digest ${i}`);
      const signature = key.sign(digest);
      expect(signature).to.equal(new SigningKey(wallet.privateKey).sign(digest).serialized);
      expect(signerOf(digest, signature)).to.equal(wallet.address);
      expect(signerOf(id("another"), signature)).not.to.equal(wallet.address);
    }
  });

  it("take no signature that the contract refuses", () => {
    const digest = id("digest");
    const { r, s, v } = Signature.from(key.sign(digest));
    const high = (N - BigInt(s)).toString(16).padStart(64, "0");
    const last = (byte: number): string => byte.toString(16).padStart(2, "0");
    for (const bad of [
      `${r}${high}${last(v === 27 ? 28 : 27)}`,
      `${r}${s.slice(2)}${last(v - 27)}`,
      `${r}${s.slice(2)}`,
      "0x",
      `0x${"00".repeat(65)}`,
      `0x${"ff".repeat(64)}1b`,
    ]) {
      expect(signerOf(digest, bad), bad).to.equal(undefined);
    }
  });

  it("digests are those of ethers, at the ends of every field too", () => {
    const domain = receiptDomain(7, wallet.address);
    const [address, hash] = [`0x${"ff".repeat(20)}`, `0x${"ff".repeat(32)}`];
    const ends = [
      { ...RECEIPT, price: 0n, issuedAt: 0, version: 0 },
      {
        ...RECEIPT,
        price: 2n ** 256n - 1n,
        issuedAt: 2 ** 48 - 1,
        version: 2 ** 32 - 1,
        consumer: address,
        requestId: hash,
      },
    ];
    const types = { Receipt: [...TYPES.receipt.Receipt] };
    for (const receipt of ends)
      expect(receiptDigest(domain, receipt)).to.equal(TypedDataEncoder.hash(domain, types, receipt));
  });

  it("amounts outside their field are refused, not cut", () => {
    const domain = receiptDomain(7, wallet.address);
    const reservation = id("reservation");
    voucherDigest(domain, { reservation, cumulative: 2n ** 128n - 1n });
    for (const cumulative of [2n ** 128n, -1n]) {
      expect(() => voucherDigest(domain, { reservation, cumulative })).to.throw("cumulative");
    }
  });
});
