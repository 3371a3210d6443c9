import { expect } from "chai";

import type { Hub } from "../../../typechain-types/index.js";
import { deployHub, EPOCH } from "../../support/hub.js";
import { connect, type Connection, DAY, HOUR } from "../../support/protocol.js";

const MAX_PAUSE = 7 * DAY;
const MIN_RUN = 30 * DAY;

describe("Hub clock", () => {
  let chain: Connection;
  let hub: Hub;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    hub = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployHub(chain);
  }

  const now = () => chain.networkHelpers.time.latest();
  const goTo = (time: number) => chain.networkHelpers.time.increaseTo(time);
  const nextAt = (time: number) => chain.networkHelpers.time.setNextBlockTimestamp(time);

  it("is chain time while nothing was ever paused", async () => {
    const time = await now();
    expect(await hub.time()).to.equal(time);
    expect(await hub.runningTime()).to.equal(time);
    expect(await hub.timeAt(time - DAY)).to.equal(time - DAY);
    expect(await hub.timeAt(0)).to.equal(0);
    expect(await hub.epoch()).to.equal(Math.floor(time / EPOCH));
    expect(await hub.isPaused()).to.equal(false);
    expect(await hub.lastPause()).to.deep.equal([0n, 0n]);
    await hub.requireRunning();
  });

  it("stands still in a pause, and goes on where it stood", async () => {
    await expect(hub.pause()).to.emit(hub, "PauseBegun");
    const begin = await now();
    await goTo(begin + 3 * DAY);
    expect(await hub.time()).to.equal(begin);
    expect(await hub.isPaused()).to.equal(true);
    for (const call of [hub.runningTime(), hub.requireRunning()]) {
      await expect(call)
        .to.be.revertedWithCustomError(hub, "Paused")
        .withArgs(begin + MAX_PAUSE);
    }
    await nextAt(begin + 4 * DAY);
    await expect(hub.unpause()).to.emit(hub, "PauseEnded").withArgs(chain.deployer.address);
    expect(await hub.time()).to.equal(begin);
    await goTo(begin + 5 * DAY);
    expect(await hub.time()).to.equal(begin + DAY);
    expect(await hub.runningTime()).to.equal(begin + DAY);
  });

  it("ends a pause by itself: -1, 0 and +1 seconds", async () => {
    await hub.pause();
    const begin = await now();
    await goTo(begin + MAX_PAUSE - 1);
    await expect(hub.requireRunning()).to.be.revertedWithCustomError(hub, "Paused");
    await goTo(begin + MAX_PAUSE);
    await hub.requireRunning();
    expect(await hub.time()).to.equal(begin);
    await goTo(begin + MAX_PAUSE + 1);
    expect(await hub.time()).to.equal(begin + 1);
    await expect(hub.unpause()).to.be.revertedWithCustomError(hub, "NotPaused");
  });

  it("takes no second pause before the network ran for 30 days: -1 and 0 seconds", async () => {
    await hub.pause();
    const end = (await now()) + MAX_PAUSE;
    for (const time of [end - 1, end + MIN_RUN - 1]) {
      await nextAt(time);
      await expect(hub.pause())
        .to.be.revertedWithCustomError(hub, "PauseTooSoon")
        .withArgs(end + MIN_RUN);
    }
    await nextAt(end + MIN_RUN);
    await hub.pause();
    expect(await hub.isPaused()).to.equal(true);
    // One that was ended early counts from its end.
    await hub.unpause();
    const early = await now();
    await nextAt(early + MIN_RUN - 1);
    await expect(hub.pause()).to.be.revertedWithCustomError(hub, "PauseTooSoon");
    await nextAt(early + MIN_RUN);
    await hub.pause();
  });

  it("maps chain times of the past through every pause", async () => {
    const pauses: { begin: number; end: number }[] = [];
    for (const length of [HOUR, 5 * DAY, MAX_PAUSE]) {
      await hub.pause();
      const begin = await now();
      if (length < MAX_PAUSE) {
        await nextAt(begin + length);
        await hub.unpause();
      }
      pauses.push({ begin, end: begin + length });
      await goTo(begin + length + MIN_RUN);
    }
    const expected = (time: number) =>
      time - pauses.reduce((sum, { begin, end }) => sum + Math.max(0, Math.min(time, end) - begin), 0);
    for (const { begin, end } of pauses) {
      for (const time of [begin - 1, begin, begin + 1, end - 1, end, end + 1, end + DAY]) {
        expect(await hub.timeAt(time), `${time - begin}`).to.equal(expected(time));
      }
    }
    const time = await now();
    expect(await hub.time()).to.equal(expected(time));
    // What is to come maps as now, so that the view never reverts.
    expect(await hub.timeAt(time + 1)).to.equal(await hub.time());
    expect(await hub.timeAt(2n ** 48n - 1n)).to.equal(await hub.time());
  });

  it("is the guardian's alone", async () => {
    for (const call of ["pause", "unpause"] as const) {
      await expect(hub.connect(chain.stranger)[call]())
        .to.be.revertedWithCustomError(hub, "AccessManagedUnauthorized")
        .withArgs(chain.stranger.address);
    }
  });

  it("has epochs of an hour to three days", async () => {
    for (const epoch of [HOUR - 1, 3 * DAY + 1]) {
      await expect(deployHub(chain, { epoch })).to.be.revertedWithCustomError(hub, "ParameterOutOfBounds");
    }
    for (const epoch of [HOUR, 3 * DAY]) await deployHub(chain, { epoch });
  });
});
