import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { signVoucher } from "../../src/receipts/typed-data.js";
import { openState, type State } from "../../src/store/state.js";
import { accountsOf, createTill, type Till } from "../../src/worker/till.js";
import { createChainView } from "../../src/worker/view.js";
import { appointWorker, connect, type Connection, deployWithOperator, stake, TOKEN } from "../support/protocol.js";
import { domainOf, DURATION, LOCK, reserve } from "../support/receipts.js";
import { suiteOf } from "../support/suite.js";

const PRICE = 10n ** 15n;
/** Longer than a view of the chain is kept. */
const STALE_MS = 10_000;

describe("the till", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-till-"));
  let chain: Connection;
  let setup: Awaited<ReturnType<typeof deployWithOperator>>;
  let state: State;
  let till: Till;
  let clock = 0;

  before(async () => {
    chain = await connect();
    setup = await deployWithOperator(chain);
    await setup.receipts.connect(chain.owner).setReservationCap(4n * LOCK);
    state = openState(join(folder, "worker.sqlite"));
    const suite = await suiteOf(chain, setup);
    const view = createChainView(suite, chain.owner.address, () => clock);
    till = createTill({ suite, view, operator: chain.owner.address, accounts: accountsOf(state) });
  });

  after(() => {
    state.close();
    rmSync(folder, { recursive: true });
  });

  /** What a voucher for one answer gets, when the chain was last looked at long ago: its price, or the refusal's status and code. */
  async function charge(reservation: string): Promise<bigint | string> {
    clock += STALE_MS;
    const promise = { reservation, cumulative: PRICE };
    const signature = await signVoucher(chain.consumer, await domainOf(chain, setup), promise);
    try {
      const charged = await till.charge({ ...promise, signature }, PRICE);
      const { spent } = charged.account();
      charged.end();
      return spent;
    } catch (thrown) {
      const { status, code } = thrown as { status?: number; code?: string };
      return `${status} ${code}`;
    }
  }

  it("takes vouchers under the operator's own reservations alone", async () => {
    const other = { ...chain, owner: chain.stranger, worker: chain.challenger };
    await stake(other, setup, 1000n * TOKEN);
    await appointWorker(other, setup.staking);
    await setup.receipts.connect(other.owner).setReservationCap(LOCK);
    expect(await charge(await reserve(chain, setup))).to.equal(PRICE);
    expect(await charge(await reserve(other, setup, { operator: other.owner.address }))).to.equal(
      "409 RESERVATION_CLOSED",
    );
  });

  it("takes none in a reservation's last minute, and none after its release", async () => {
    const reservation = await reserve(chain, setup);
    const { end } = await setup.receipts.reservationOf(reservation);
    const cases = [
      [end - 61n, PRICE],
      [end - 60n, PRICE],
      [end - 59n, "409 RESERVATION_CLOSED"],
      [end, "409 RESERVATION_CLOSED"],
    ] as const;
    for (const [time, expected] of cases) {
      const elapsed = time - (await setup.hub.time());
      await chain.networkHelpers.time.increase(elapsed);
      expect(await setup.hub.time()).to.equal(time);
      expect(await charge(reservation), `${time - end} s`).to.equal(expected);
    }
    await chain.networkHelpers.time.increase(DURATION);
    await setup.receipts.release(reservation);
    expect(await charge(reservation)).to.equal("409 RESERVATION_CLOSED");
  });
});
