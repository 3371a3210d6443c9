import { expect } from "chai";

import { parseFlags, shardsOf } from "../../scripts/games/plan.js";
import { markdownOf, type Played, readGames, tableOf, writeGame } from "../../scripts/games/table.js";
import { codeOf } from "../support/codes.js";

const ETHER = 10n ** 18n;

function game(conduct: string, lost: bigint, days: number): Played {
  return {
    ...{ cheat: "challenger", conduct, lie: "output", seconds: days * 86_400 },
    honest: { coins: 3n * lost, stake: 0n, gas: lost },
    dishonest: { coins: -lost, stake: -2n * lost, gas: lost },
  };
}

describe("games", () => {
  it("plays 10,000 from seed 1 on, unless told otherwise", () => {
    expect(parseFlags([])).to.deep.equal({ games: 10_000, seed: 1, out: "cache/games", json: false });
    expect(parseFlags(["--games", "7", "--seed", "40000", "--out", "here", "--json"])).to.deep.equal({
      ...{ games: 7, seed: 40_000, out: "here", json: true },
    });
  });

  it("refuses numbers that are none, or out of range", () => {
    for (const flag of ["--games=0", "--games=1.5", "--games=many", "--seed=0", "--seed=40001", "--seed=-1"]) {
      expect(
        codeOf(() => parseFlags([flag])),
        flag,
      ).to.equal("OPTION_INVALID");
    }
  });

  it("divides games into shards of 500, each with a seed of its own", () => {
    expect(shardsOf(500, 3)).to.deep.equal([{ seed: 3, games: 500 }]);
    expect(shardsOf(501, 40_000)).to.deep.equal([
      { seed: 40_000, games: 500 },
      { seed: 1, games: 1 },
    ]);
  });

  it("keeps games through JSON to the wei", () => {
    const games = [game("answers nothing", 10n ** 30n + 1n, 2), game("three at once", 1n, 3)];
    expect(readGames(games.map(writeGame).join(""))).to.deep.equal(games);
  });

  it("tables what each kind of conduct lost and won, with gas", () => {
    const games = [game("b", ETHER, 4), game("a", ETHER, 2), game("b", 3n * ETHER, 2), game("b", 5n * ETHER, 9)];
    const rows = tableOf(games);
    expect(rows.map(({ conduct, games: count }) => [conduct, count])).to.deep.equal([
      ["a", 1],
      ["b", 3],
    ]);
    expect(rows[1]).to.deep.include({
      days: { median: 4, longest: 9 },
      lost: { coins: { median: 6, least: 2 }, stake: { median: 6, least: 2 } },
      won: { coins: { median: 6, least: 2 }, stake: { median: 0, least: 0 } },
    });
    expect(markdownOf(rows).split("\n")[3]).to.equal(
      "| challenger | b | 3 | 3 | 4.0 / 9.0 | 6.0000 / 2.0000 | 6.0 / 2.0 | 6.0000 / 2.0000 | 0.0 / 0.0 |",
    );
  });
});
