import { expect } from "chai";

import type { CallbackProbe, CappedCaller } from "../../../typechain-types/index.js";
import { connect, type Connection } from "../../support/protocol.js";

describe("CappedCall", () => {
  let chain: Connection;
  let caller: CappedCaller;
  let probe: CallbackProbe;

  before(async () => {
    chain = await connect();
    caller = await chain.ethers.deployContract("CappedCaller");
    probe = await chain.ethers.deployContract("CallbackProbe");
  });

  /** The gas that the probe saw at its first instruction, or the refusal; with `gas` for the whole transaction. */
  async function attempt(limit: bigint, gas: bigint, warm: boolean): Promise<bigint | "refused" | "failed"> {
    // Any data that is no function: the probe's fallback reports its gas.
    const sent = await caller.attempt(probe, limit, "0x12345678", warm, { gasLimit: gas }).catch(() => undefined);
    if (sent === undefined) return "refused";
    const logs = (await sent.wait())!.logs;
    const given = logs.filter((log) => log.address !== caller.target).map((log) => probe.interface.parseLog(log)!);
    const attempted = logs.filter((log) => log.address === caller.target).map((log) => caller.interface.parseLog(log)!);
    expect(attempted).to.have.length(1);
    return attempted[0]!.args.getValue("success") ? (given[0]!.args.getValue("gas") as bigint) : "failed";
  }

  for (const warm of [false, true]) {
    it(`gives all the gas that was promised or refuses, with any gas left (${warm ? "warm" : "cold"})`, async () => {
      const limit = 60_000n;
      const plenty = await attempt(limit, 1_000_000n, warm);
      expect(plenty).to.be.a("bigint");
      // Around the border the outcome is one of two, and never a call with less gas than promised.
      let [low, high] = [40_000n, 1_000_000n];
      while (high - low > 1n) {
        const middle = (low + high) / 2n;
        const outcome = await attempt(limit, middle, warm);
        expect(outcome === "refused" || outcome === plenty, `gas ${middle}: ${outcome}`).to.equal(true);
        if (outcome === "refused") low = middle;
        else high = middle;
      }
      for (let offset = -40n; offset <= 40n; offset++) {
        expect(await attempt(limit, high + offset, warm)).to.equal(offset < 0n ? "refused" : plenty);
      }
    });
  }

  it("copies nothing of what the callee returns", async () => {
    const spent = async (mode: number): Promise<bigint> => {
      await probe.setMode(mode);
      const data = probe.interface.encodeFunctionData("onAnswer", [`0x${"11".repeat(32)}`, []]);
      const sent = await caller.attempt(probe, 3_000_000, data, true);
      const event = (await sent.wait())!.logs.flatMap((log) => caller.interface.parseLog(log) ?? []).at(-1)!;
      return event.args.getValue("spent") as bigint;
    };
    const [REVERT, BOMB] = [1, 3];
    await spent(REVERT);
    // A megabyte would cost the caller over a million for memory alone; whoever paid for the call pays for it instead.
    const bomb = await spent(BOMB);
    expect(bomb).to.be.at.most(3_000_000n + 3_000n);
  });

  it("succeeds where there is no code, as the machine has it", async () => {
    const sent = await caller.attempt(chain.stranger, 10_000, "0x", false);
    await expect(sent).to.emit(caller, "Attempted");
  });
});
