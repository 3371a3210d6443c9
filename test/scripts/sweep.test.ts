import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { checkBlock, type Execute, shipped } from "../../scripts/sweep/block.js";
import { checkExactBlock, EXACT, shippedExact } from "../../scripts/sweep/exact.js";
import { fingerprint } from "../../scripts/sweep/fingerprint.js";
import { type SweptFn, SWEPT } from "../../scripts/sweep/functions.js";
import { CHUNK, createOracle, type Oracle } from "../../scripts/sweep/oracle.js";
import { createPairOracle, PAIR_FUNCTIONS, type PairOracle, PAIRS, shippedPairs } from "../../scripts/sweep/pairs.js";
import { bitsAt } from "../../scripts/sweep/plan.js";
import { appendRecord, type BlockRecord, readRecords } from "../../scripts/sweep/records.js";
import { parseShard } from "../../scripts/sweep/run.js";
import type { Summary } from "../../scripts/sweep/summary.js";
import { ARITHMETIC } from "../../src/audit/exec/reference/arithmetic.js";
import { ELEMENTARY } from "../../src/audit/exec/reference/elementary.js";
import { codeOf } from "../support/codes.js";
import { fuzzCases, fuzzSeed } from "../support/fuzz.js";
import { HARD_CASES } from "../support/hard-cases.js";
import { createRandom, edgeBits, randomBits } from "../support/samples.js";

const names = Object.keys(SWEPT) as SweptFn[];

describe("the sweep's fixed point", () => {
  for (const fn of names) {
    it(`gives the bits of the reference for ${fn}`, () => {
      const random = createRandom(fuzzSeed);
      const some = Array.from({ length: fuzzCases(200) }, () => randomBits("f32", random));
      for (const bits of [...edgeBits("f32"), ...(HARD_CASES[fn] ?? []), ...some]) {
        expect(bitsAt(SWEPT[fn], Number(bits)), `${fn} of 0x${bits.toString(16)}`).to.equal(
          Number(ELEMENTARY[fn](bits)),
        );
      }
    });
  }
});

describe("the sweep", function () {
  // The compiler of the oracle takes its time on a busy machine.
  this.timeout(300_000);
  let oracle: Oracle;

  before(async () => {
    oracle = await createOracle();
  });

  /** Chunks with zero, tiny numbers, singular points, large angles, infinity. */
  const FIRST = [0, 0x32ff0000, 0x3f7f0000, 0x3f800000, 0x42b10000, 0x5f000000, 0x7f800000];

  for (const fn of names) {
    it(`finds nothing in some chunks of ${fn}`, () => {
      for (const first of FIRST) {
        const { inputs, mismatches } = checkBlock(oracle, fn, shipped(oracle, fn), first, 1);
        expect(inputs).to.equal(2 * CHUNK);
        expect(mismatches, `from 0x${first.toString(16)}`).to.deep.equal([]);
      }
    });
  }

  for (const name of EXACT.keys()) {
    it(`finds nothing in some chunks of ${name}`, () => {
      for (const first of [...FIRST, 0x3eff0000, 0x4affff00 - (0x4affff00 % CHUNK), 0x4f000000]) {
        expect(checkExactBlock(oracle, name, shippedExact(oracle, name), first, 1).mismatches).to.deep.equal([]);
      }
    });
  }

  /** The executor with the last bit of some results turned over. */
  function planted(fn: SweptFn, wrong: readonly number[]): Execute {
    const execute = shipped(oracle, fn);
    return (first, results) => {
      execute(first, results);
      const bits = new Uint32Array(results.buffer, results.byteOffset, CHUNK);
      for (const operand of wrong) if (operand >= first && operand < first + CHUNK) bits[operand - first]! ^= 1;
    };
  }

  for (const [fn, first] of [
    ["exp", 0x3f800000], // polynomials
    ["exp", 0x32000000], // a constant
    ["tanh", 0x3f800000], // both signs by one polynomial
    ["sin", 0x50000000], // sums of angles
    ["log", 0x3f800000], // single values around a zero
    ["tan", 0x7f800000], // NaN
  ] as const) {
    it(`finds every wrong bit of ${fn} from 0x${first.toString(16)} on`, () => {
      const magnitudes = [first, first + 1, first + CHUNK - 1, first + CHUNK, first + 2 * CHUNK - 1];
      const wrong = magnitudes.flatMap((magnitude) => [magnitude, magnitude + 2 ** 31]);
      const { mismatches } = checkBlock(oracle, fn, planted(fn, wrong), first, 2);
      expect(mismatches.map(({ bits }) => bits).sort()).to.deep.equal(wrong.sort());
      for (const { got, expected } of mismatches) expect(got ^ expected).to.equal(1);
    });
  }

  it("finds every wrong bit of a function without a series", () => {
    const execute = shippedExact(oracle, "cast-i16");
    const { mismatches } = checkExactBlock(
      oracle,
      "cast-i16",
      (first, results) => {
        execute(first, results);
        results[first === 0x3f800000 ? 7 : CHUNK - 1]! ^= 2;
      },
      0x3f800000,
      1,
    );
    expect(mismatches).to.deep.equal([
      { bits: 0x3f800007, got: 3, expected: 1 },
      { bits: 0xbf800000 + CHUNK - 1, got: 0xfffd, expected: 0xffff },
    ]);
  });

  it("meets the operands that are known to be hard", () => {
    for (const [fn, bits] of [
      ["exp", 0xc16912cd],
      ["sin", 0x73243f06],
      ["acosh", 0x655890d3],
      ["sigmoid", 0xb3800000],
    ] as const) {
      const first = (bits & 0x7fffffff) - ((bits & 0x7fffffff) % CHUNK);
      const { hard, undecided } = checkBlock(oracle, fn, shipped(oracle, fn), first, 1);
      expect(hard.map((each) => each.bits)).to.include(SWEPT[fn].parity === "none" ? bits : bits & 0x7fffffff);
      expect(undecided).to.be.greaterThan(0);
    }
  });
});

describe("random pairs", function () {
  this.timeout(300_000);
  const SEED = fuzzSeed;
  let oracle: PairOracle;

  before(async () => {
    oracle = await createPairOracle();
  });

  for (const fn of PAIR_FUNCTIONS) {
    it(`of ${fn}: nothing wrong, and a planted bit is found`, () => {
      const execute = shippedPairs(fn);
      expect(oracle.compare(fn, SEED, 2, execute), `seed ${SEED}`).to.equal(undefined);
      const difference = oracle.compare(fn, SEED, 1, (x, y, results) => {
        execute(x, y, results);
        new Uint32Array(results.buffer, results.byteOffset, PAIRS)[PAIRS - 1]! ^= 1;
      });
      expect(difference).to.have.keys("x", "y", "got");
    });
  }

  for (const fn of PAIR_FUNCTIONS) {
    it(`of ${fn}: as the reference says`, () => {
      const difference = oracle.compare(fn, SEED, 1, (x, y, results) => {
        const [a, b, bits] = [x, y, results].map((data) => new Uint32Array(data.buffer, data.byteOffset, PAIRS)) as [
          Uint32Array,
          Uint32Array,
          Uint32Array,
        ];
        for (let i = 0; i < PAIRS; i++) bits[i] = Number(ARITHMETIC[fn](BigInt(a[i]!), BigInt(b[i]!)));
      });
      expect(difference, `seed ${SEED}`).to.equal(undefined);
    });
  }
});

describe("records of a sweep", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sweep-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const record = (block: number, code = "a"): BlockRecord => ({
    function: "exp",
    block,
    code,
    inputs: 1,
    undecided: 0,
    mismatches: [],
    hard: [],
    seconds: 1,
  });

  it("lose at most the block that a kill cut short", () => {
    const file = join(folder, "exp.jsonl");
    appendRecord(file, record(3));
    appendFileSync(file, '\n{"function":"exp","blo');
    appendRecord(file, record(5));
    appendRecord(file, record(3));
    appendRecord(file, record(4, "other code"));
    expect(readRecords(file, "a").map(({ block }) => block)).to.deep.equal([3, 5]);
    writeFileSync(file, readFileSync(file, "utf8").slice(0, -20));
    expect(readRecords(file, "a").map(({ block }) => block)).to.deep.equal([3, 5]);
    expect(readRecords(join(folder, "none.jsonl"), "a")).to.deep.equal([]);
  });

  it("belong to shards that exist", () => {
    expect(parseShard("3/16")).to.deep.equal({ index: 3, count: 16 });
    for (const bad of ["0/4", "5/4", "1/129", "1", "a/b", "1/2/3"]) {
      expect(codeOf(() => parseShard(bad))).to.equal("BAD_SHARD");
    }
  });
});

describe("the committed sweep", () => {
  const { code, functions } = JSON.parse(readFileSync("snapshots/sweep.json", "utf8")) as {
    readonly code: string;
    readonly functions: readonly Summary[];
  };

  it("is one of the code that ships", () => {
    expect(code, "npm run sweep, then npm run sweep -- --summary").to.equal(fingerprint());
  });

  it("found no mismatch", () => {
    expect(functions).to.not.be.empty;
    for (const each of functions) expect(each.mismatches, each.function).to.equal(0);
  });
});
