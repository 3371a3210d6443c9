import { expect } from "chai";
import type { TransactionReceipt, TransactionResponse } from "ethers";

import { connect, type Connection } from "../support/protocol.js";
import { callerOf, dataOf, passEdge, targetOf } from "./attempt.js";
import { openOutlets, type Outlet } from "./outlets.js";
import { puppetCode, RESULT } from "./puppet.js";
import { ENTRY_POINTS } from "./rows.js";
import { CONTRACTS, deployWorld, type World } from "./world.js";

const PEERS: ReadonlySet<string> = new Set<string>(CONTRACTS);
/** Takes whatever it is sent, and does nothing. */
const QUIET = "0x00";
/** Results of a puppet. */
const [REFUSED, DONE] = [1, 2];
const BASE_FEE = 10n ** 6n;
const GAS = 15_000_000n;

/**
 * Every entry point, called by who may call it out of the middle of every call in which a contract calls somebody else. Where a guard is
 * in the way it is refused, and changes nothing. Everywhere else it does what it does by itself, and the call around it too: nobody
 * finds a state that is half done. What happens is compared by events, because every change of a state emits one.
 */
describe("entry points, reentered", () => {
  let chain: Connection;
  let world: World;
  let outlets: Outlet[];
  let receiver: string;
  let attacker: string;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ world, outlets, receiver } = await chain.networkHelpers.loadFixture(fixture));
  });

  async function fixture() {
    const deployed = await deployWorld(chain);
    return { world: deployed, ...(await openOutlets(deployed)) };
  }

  /** Events of a transaction, in any order. */
  const eventsOf = ({ logs }: TransactionReceipt): string[] =>
    logs.map(({ address, topics, data }) => [address, ...topics, data].join(" ")).sort();

  /** Sends transactions in the block after the next, at a time and a price of gas, and takes them back; resolves with their events. */
  async function tried(time: number, arm: Outlet["arm"], ...sends: (() => Promise<TransactionResponse>)[]) {
    const { networkHelpers, ethers } = chain;
    const before = await networkHelpers.takeSnapshot();
    try {
      // Named times: on a slow machine the chain's clock goes on by itself.
      await networkHelpers.time.setNextBlockTimestamp(time - 1);
      await (arm ?? (() => networkHelpers.mine(1)))();
      await ethers.provider.send("evm_setAutomine", [false]);
      const sent: TransactionResponse[] = [];
      for (const send of sends) sent.push(await send());
      await networkHelpers.time.setNextBlockTimestamp(time);
      await networkHelpers.setNextBlockBaseFeePerGas(BASE_FEE);
      await networkHelpers.mine(1);
      const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
      const result = Number(await ethers.provider.getStorage(attacker, RESULT));
      return { result, events: receipts.map((receipt) => eventsOf(receipt!)) };
    } finally {
      await before.restore();
      await ethers.provider.send("evm_setAutomine", [true]);
    }
  }

  for (const point of ENTRY_POINTS) {
    const { contract, name, may, pause, guards = [] } = point;
    // Contracts of the suite are no attackers.
    const byPeers = may !== "anybody" && may.some((party) => PEERS.has(party));
    if (byPeers || point.never === true) continue;

    it(`${contract}.${name}`, async () => {
      const ready = await point.scene(world);
      if (pause === "only") await world.hub.connect(world.guardian).pause();
      await passEdge(world, ready);
      attacker = callerOf(world, point, ready);
      const [target, data] = [await targetOf(world, point, ready), dataOf(world, point, ready)];
      const { networkHelpers, ethers } = chain;
      await networkHelpers.setBalance(attacker, 10n ** 24n);
      await networkHelpers.setCode(attacker, puppetCode(target, data, ready.value ?? 0n));
      const time = (await networkHelpers.time.latest()) + 5;
      const outsider = (await ethers.getSigners()).at(-2)!;
      const inner = () => outsider.sendTransaction({ to: attacker, gasLimit: GAS });
      for (const { name: way, arm, through, guards: held, ...outlet } of outlets) {
        if (pause === "only" && outlet.inPause !== true) continue;
        if (/WithPermit$|^burn/.test(name) && outlet.plainToken === true) continue;
        await networkHelpers.setCode(receiver, QUIET);
        const after = await tried(time, arm, through, inner);
        expect(after.result, `after ${way}`).to.equal(DONE);
        await networkHelpers.setCode(receiver, puppetCode(attacker, "0x", 0n));
        const within = await tried(time, arm, through);
        const shut = held.some((guard) => guards.includes(guard));
        expect(within.result, `within ${way}`).to.equal(shut ? REFUSED : DONE);
        const expected = shut ? after.events[0]! : after.events.flat().sort();
        expect(within.events[0], way).to.deep.equal(expected);
      }
    });
  }
});
