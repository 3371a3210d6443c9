import { expect } from "chai";

import { connect, type Connection } from "../support/protocol.js";
import { compileHabits, type Habit, HABITS } from "./habits.js";
import { IN, OUT, PATHS } from "./token-paths.js";
import { deployWorld, type World } from "./world.js";

/**
 * Every path of tokens, with a token that was ordinary until then and has become another. A call goes through or is refused as it is
 * written above. A refused one changes nothing that is owed: as soon as the token behaves, it goes through. One that goes through moves what it
 * moves with an ordinary token. A blocklist is, for the call that it stops, a token that is frozen; decimals are nowhere read.
 */
describe("tokens with habits, on every path", () => {
  let chain: Connection;
  let world: World;
  let codes: Readonly<Record<Habit, string>>;

  before(async () => {
    chain = await connect();
    codes = compileHabits();
  });

  beforeEach(async () => {
    world = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployWorld(chain);
  }

  for (const { contract, name, token: which, expected, prepare } of PATHS) {
    it(`${contract}.${name}`, async () => {
      const { by, args } = await prepare(world);
      const holder = world.contracts[contract];
      const token = which === "stake" ? world.token : world.coin;
      const become = async (habit: Habit) => chain.networkHelpers.setCode(await token.getAddress(), codes[habit]);
      const balance = () => token.balanceOf(holder);
      const data = holder.interface.encodeFunctionData(name, args);
      const send = async () => {
        const sent = await by.sendTransaction({ to: await holder.getAddress(), data, gasLimit: 10_000_000n });
        return (await sent.wait())!;
      };
      const went = () =>
        send().then(
          () => true,
          () => false,
        );
      let usual = 0n;
      for (const habit of HABITS) {
        const snapshot = await chain.networkHelpers.takeSnapshot();
        const before = await balance();
        await become(habit);
        expect(await went(), habit).to.equal(expected[habit]);
        const moved = (await balance()) - before;
        if (habit === "Fair") usual = moved;
        else if (!expected[habit]) {
          expect(moved, `${habit}: refused`).to.equal(0n);
          await become("Fair");
          expect(await went(), `${habit}, and then fair`).to.equal(true);
          expect((await balance()) - before, `${habit}, and then fair`).to.equal(usual);
        } else if (expected === IN || (expected === OUT && habit !== "Pretends")) {
          expect(moved, habit).to.equal(usual);
        }
        await snapshot.restore();
      }
    });
  }
});
