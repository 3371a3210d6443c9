import { readFileSync } from "node:fs";

import { expect } from "chai";

import { offerDigest, receiptDigest, voucherDigest } from "../../../src/receipts/typed-data.js";
import { OFFER, RECEIPT, type ReceiptVector, VOUCHER } from "../../support/receipt-vectors.js";
import { connect, deployProtocol } from "../../support/protocol.js";
import { domainOf } from "../../support/receipts.js";

describe("Receipts: EIP-712 in Solidity and TypeScript", () => {
  const file = new URL("../../vectors/receipts.json", import.meta.url);
  const { signer, cases } = JSON.parse(readFileSync(file, "utf8")) as { signer: string; cases: ReceiptVector[] };

  it("the published vectors have these hashes, digests and signer in Solidity", async () => {
    const harness = await (await connect()).ethers.deployContract("ReceiptHarness");
    for (const { kind, domainSeparator, message, structHash, digest, signature } of cases) {
      const given = (await harness.getFunction(kind).staticCall(domainSeparator, message)) as [string, string];
      expect([...given], digest).to.deep.equal([structHash, digest]);
      expect(await harness.recover(digest, signature)).to.equal(signer);
    }
  });

  it("the escrow hashes under its own domain", async () => {
    const chain = await connect();
    const { receipts } = await deployProtocol(chain);
    const domain = await domainOf(chain, { receipts });
    const { name, version, chainId, verifyingContract } = await receipts.eip712Domain();
    expect({ name, version, chainId, verifyingContract }).to.deep.equal(domain);
    expect(await receipts.hashOffer(OFFER)).to.equal(offerDigest(domain, OFFER));
    expect(await receipts.hashReceipt(RECEIPT)).to.equal(receiptDigest(domain, RECEIPT));
    expect(await receipts.hashVoucher(VOUCHER)).to.equal(voucherDigest(domain, VOUCHER));
  });
});
