import { expect } from "chai";
import { InvalidArgumentError } from "commander";

import { amount, basisPoints, count, duration, integer, range, real, shape } from "../../src/cli/parse.js";

/** What a parser makes of each text, and what it refuses. */
const CASES: readonly {
  readonly parse: (text: string) => unknown;
  readonly taken: Readonly<Record<string, unknown>>;
  readonly refused: readonly string[];
}[] = [
  {
    parse: amount,
    taken: { "0": 0n, "1.5": 15n * 10n ** 17n, "0.000000000000000001": 1n },
    refused: ["-1", "-0.5", "", "1e3", "0.0000000000000000001", "many"],
  },
  {
    parse: integer,
    taken: { "0": 0, "9007199254740991": 2 ** 53 - 1 },
    refused: ["-1", "", " 1", "1.0", "1e3", "0x10", "9007199254740992"],
  },
  { parse: count, taken: { "1": 1 }, refused: ["0", "-1", ""] },
  { parse: real, taken: { "0": 0, "0.5": 0.5 }, refused: ["-0.5", "", "Infinity", "NaN"] },
  { parse: basisPoints, taken: { "0": 0, "12.34": 1_234, "100": 10_000 }, refused: ["100.01", "-1", "1.234", ""] },
  {
    parse: duration,
    taken: { "90": 90, "15m": 900, "2h": 7_200, "7d": 604_800, "281474976710655": 2 ** 48 - 1 },
    refused: ["", "-1", "1.5h", "1w", "281474976710656", "9".repeat(30) + "d"],
  },
  {
    parse: range,
    taken: { "0:255": { lo: 0, hi: 255 }, "-1.5:2e3": { lo: -1.5, hi: 2_000 }, "3:3": { lo: 3, hi: 3 } },
    refused: ["1:0", "0", ":5", "5:", "0:1:2", "0:Infinity", "-Infinity:0", "NaN:1", ""],
  },
  { parse: shape, taken: { "1x28": [1, 28] }, refused: ["0x1", "1x", "", "-1x2", "1x2.5"] },
];

describe("arguments of commands", () => {
  for (const { parse, taken, refused } of CASES) {
    it(`${parse.name}: the ends of what is taken, and what lies beyond`, () => {
      for (const [text, value] of Object.entries(taken)) expect(parse(text), text).to.deep.equal(value);
      for (const text of refused) expect(() => parse(text), `"${text}"`).to.throw(InvalidArgumentError);
    });
  }
});
