import { expect } from "chai";
import { getBytes, toBeHex, ZeroAddress } from "ethers";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";
import { connect, deployWithOperator, stake, TOKEN } from "../support/protocol.js";
import { DEPOSIT, reserve, signedOffer, signedReceipt, signedVoucher } from "../support/receipts.js";

const INFERENCES = 1_000n;
const PRICE = 10n ** 12n;
const BATCH = 100;

/** Whole transactions, calldata included, with balances that are not zero before. */
describe("gas of receipts", () => {
  it("one inference of a thousand costs at most 150, and a voucher in a batch of a hundred payers at most 40,000", async function () {
    this.timeout(120_000);
    const chain = await connect();
    const setup = await deployWithOperator(chain);
    const { receipts } = setup;
    /** Gas without calldata, by name: signatures cover times, so the zero bytes of calldata differ from run to run. */
    const execution: Record<string, bigint> = {};
    const used = async (
      name: string,
      sent: Promise<{ data: string; wait(): Promise<{ gasUsed: bigint } | null> }>,
    ): Promise<bigint> => {
      const transaction = await sent;
      const { gasUsed } = (await transaction.wait())!;
      const calldata = getBytes(transaction.data).reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0);
      execution[name] = gasUsed - BigInt(calldata);
      return gasUsed;
    };
    await stake(chain, setup, 1_000n * TOKEN);
    await receipts.connect(chain.owner).setReservationCap(10_000n * TOKEN);
    const lock = 10n * TOKEN;
    const payers = (await chain.ethers.getSigners()).slice(7, 17);

    const first = await reserve(chain, setup, { lock });
    await receipts.collect([await signedVoucher(chain, setup, { reservation: first, cumulative: 1n })]);
    const { offer, signature } = await signedOffer(chain, setup, { lock, salt: toBeHex(2 ** 40, 32) });
    await used("activate", receipts.connect(chain.consumer).activate(offer, signature, DEPOSIT, { value: DEPOSIT }));
    const due = await signedVoucher(chain, setup, { reservation: first, cumulative: INFERENCES * PRICE });
    const one = await used("collect one voucher", receipts.collect([due]));
    expect(one / INFERENCES).to.be.at.most(150n);

    const vouchers = [];
    for (let i = 0; i < BATCH; i++) {
      const payer = payers[i % payers.length]!;
      const reservation = await reserve(chain, setup, { lock, minDeposit: PRICE }, payer);
      vouchers.push(await signedVoucher(chain, setup, { reservation, cumulative: PRICE }, payer));
    }
    const batch = await used("collect 100 vouchers", receipts.collect(vouchers));
    expect(batch / BigInt(BATCH)).to.be.at.most(40_000n);

    const receipt = await signedReceipt(chain, setup, { reservation: first });
    await used("present", receipts.present(receipt.receipt, receipt.signature));
    await used("thaw", receipts.connect(chain.consumer).thaw(first, PRICE));
    await used("end", receipts.connect(chain.owner).endReservation(first));
    await used("withdraw", receipts.withdraw(ZeroAddress, chain.owner));
    expectSnapshot("gas/receipts", execution);
  });
});
