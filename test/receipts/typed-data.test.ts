import { readFileSync } from "node:fs";

import { expect } from "chai";
import { id, recoverAddress, verifyTypedData } from "ethers";

import { offerDigest, receiptDigest, receiptDomain, TYPES, voucherDigest } from "../../src/receipts/typed-data.js";
import { OFFER, RECEIPT, type ReceiptVector, receiptVectors, VOUCHER } from "../support/receipt-vectors.js";

describe("receipts/typed-data", () => {
  const published = readFileSync(new URL("../vectors/receipts.json", import.meta.url), "utf8");
  const { signer, cases } = JSON.parse(published) as { signer: string; cases: ReceiptVector[] };

  it("receipts.json is what scripts/generate/vectors.ts writes", async () => {
    const { content } = await receiptVectors();
    expect(published === content, "run: tsx scripts/generate/vectors.ts, and look at the difference").to.equal(true);
  });

  it("all published signatures are the signer's, by digest and by typed data", () => {
    for (const { kind, chainId, escrow, message, digest, signature } of cases) {
      expect(recoverAddress(digest, signature), digest).to.equal(signer);
      const types = TYPES[kind] as unknown as Record<string, { name: string; type: string }[]>;
      expect(verifyTypedData(receiptDomain(BigInt(chainId), escrow), types, message, signature)).to.equal(signer);
    }
  });

  const domain = receiptDomain(1, OFFER.operator);
  const otherAddress = (value: string): string => (value === OFFER.payer ? OFFER.operator : OFFER.payer);
  const altered = (value: unknown): unknown => {
    if (typeof value === "string") return value.length === 42 ? otherAddress(value) : id("another");
    return typeof value === "bigint" ? value + 1n : Number(value) + 1;
  };
  const kinds = [
    ["offer", OFFER, (message: object) => offerDigest(domain, message as typeof OFFER)],
    ["receipt", RECEIPT, (message: object) => receiptDigest(domain, message as typeof RECEIPT)],
    ["voucher", VOUCHER, (message: object) => voucherDigest(domain, message as typeof VOUCHER)],
  ] as const;
  for (const [name, message, digest] of kinds) {
    it(`every field of the ${name} is signed`, () => {
      const seen = new Set([digest(message)]);
      for (const [key, value] of Object.entries(message)) seen.add(digest({ ...message, [key]: altered(value) }));
      expect(seen.size).to.equal(1 + Object.keys(message).length);
    });
  }

  it("chain and contract are signed, and one purpose is not another's", () => {
    const digests = cases.map(({ digest }) => digest);
    expect(new Set(digests).size).to.equal(cases.length);
  });
});
