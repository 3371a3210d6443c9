import { expect } from "chai";
import { toBeHex, ZeroAddress } from "ethers";

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
    const used = async (sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>) =>
      (await (await sent).wait())!.gasUsed;
    await stake(chain, setup, 1_000n * TOKEN);
    await receipts.connect(chain.owner).setReservationCap(10_000n * TOKEN);
    const lock = 10n * TOKEN;
    const payers = (await chain.ethers.getSigners()).slice(7, 17);

    const first = await reserve(chain, setup, { lock });
    await receipts.collect([await signedVoucher(chain, setup, { reservation: first, cumulative: 1n })]);
    const { offer, signature } = await signedOffer(chain, setup, { lock, salt: toBeHex(2 ** 40, 32) });
    const measured: Record<string, bigint> = {};
    measured["activate"] = await used(
      receipts.connect(chain.consumer).activate(offer, signature, DEPOSIT, { value: DEPOSIT }),
    );
    const due = await signedVoucher(chain, setup, { reservation: first, cumulative: INFERENCES * PRICE });
    measured["collect one voucher"] = await used(receipts.collect([due]));
    expect(measured["collect one voucher"] / INFERENCES).to.be.at.most(150n);

    const vouchers = [];
    for (let i = 0; i < BATCH; i++) {
      const payer = payers[i % payers.length]!;
      const reservation = await reserve(chain, setup, { lock, minDeposit: PRICE }, payer);
      vouchers.push(await signedVoucher(chain, setup, { reservation, cumulative: PRICE }, payer));
    }
    const batch = await used(receipts.collect(vouchers));
    measured["collect 100 vouchers, each"] = batch / BigInt(BATCH);
    expect(measured["collect 100 vouchers, each"]).to.be.at.most(40_000n);

    const receipt = await signedReceipt(chain, setup, { reservation: first });
    measured["present"] = await used(receipts.present(receipt.receipt, receipt.signature));
    measured["thaw"] = await used(receipts.connect(chain.consumer).thaw(first, PRICE));
    measured["end"] = await used(receipts.connect(chain.owner).endReservation(first));
    measured["withdraw"] = await used(receipts.withdraw(chain.owner, ZeroAddress));
    // To the thousand: signatures cover times, and their zero bytes are cheaper.
    const rounded = Object.entries(measured).map(([name, gas]) => [name, ((gas + 500n) / 1000n) * 1000n] as const);
    expectSnapshot("gas/receipts", Object.fromEntries(rounded));
  });
});
