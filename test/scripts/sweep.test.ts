import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { checkBlock, type Execute, shipped } from "../../scripts/sweep/block.js";
import { checkExactBlock, EXACT, operandsOf, shippedExact } from "../../scripts/sweep/exact.js";
import { fingerprints } from "../../scripts/sweep/fingerprint.js";
import { type SweptFn, SWEPT } from "../../scripts/sweep/functions.js";
import { CHUNK, createOracle, type Oracle } from "../../scripts/sweep/oracle.js";
import { createPairOracle, PAIR_FUNCTIONS, type PairOracle, PAIRS, shippedPairs } from "../../scripts/sweep/pairs.js";
import { bitsAt } from "../../scripts/sweep/plan.js";
import { appendRecord, type BlockRecord, readRecords } from "../../scripts/sweep/records.js";
import { powerBits } from "../../scripts/sweep/powers.js";
import { parseShard } from "../../scripts/support/flags.js";
import { FUNCTIONS, kindOf, operandsIn } from "../../scripts/sweep/run.js";
import { mergeSummaries, SUMMARY_FILE, type Summaries, type Summary } from "../../scripts/sweep/summary.js";
import { readElement, writeElement } from "../../src/audit/exec/elements.js";
import { ELEMENTARY } from "../../src/audit/exec/reference/elementary.js";
import { scalar } from "../../src/audit/exec/reference/scalar.js";
import { DTYPE_BYTES, DTYPE_CODE, type DType, MAP_FN, type MapFn } from "../../src/audit/graph.js";
import { mapTakes } from "../../src/audit/signatures.js";
import { codeOf } from "../support/codes.js";
import { fuzzCases, fuzzSeed } from "../support/fuzz.js";
import { HARD_CASES, hardOperands } from "../support/hard-cases.js";
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

  it("finds nothing in some chunks of the functions without a series", () => {
    for (const name of EXACT.keys()) {
      for (const first of [...FIRST, 0x3eff0000, 0x4affff00 - (0x4affff00 % CHUNK), 0x4f000000]) {
        const { mismatches } = checkExactBlock(oracle, name, shippedExact(oracle, name), first, 1);
        expect(mismatches, name).to.deep.equal([]);
      }
    }
  });

  it("has the bits of the reference for the functions without a series", () => {
    const random = createRandom(fuzzSeed);
    for (const [name, { fn, from, to }] of EXACT) {
      const signature = [MAP_FN[fn], DTYPE_CODE[from], DTYPE_CODE[to], Math.log2(DTYPE_BYTES[to])] as const;
      const some = Array.from({ length: fuzzCases(50) }, () => randomBits(from, random));
      for (const bits of [...edgeBits(from), ...some].filter((each) => from !== "bool" || each <= 1n)) {
        const expected = BigInt.asUintN(64, oracle.exactBits(...signature, Number(bits)));
        expect(expected, `${name} of 0x${bits.toString(16)}, seed ${fuzzSeed}`).to.equal(
          scalar(fn, [from], to, [bits]),
        );
      }
    }
  });

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
    for (const name of EXACT.keys()) {
      const { from, to } = EXACT.get(name)!;
      const count = Math.min(CHUNK, operandsOf(from));
      const execute = shippedExact(oracle, name);
      const { mismatches } = checkExactBlock(
        oracle,
        name,
        (first, results, n) => {
          execute(first, results, n);
          // The last byte of a big-endian number.
          new Uint8Array(results.buffer, results.byteOffset)[(n - 1) * DTYPE_BYTES[to]]! ^= 1;
        },
        0x3f800000,
        1,
      );
      const wrong = count < CHUNK || operandsOf(from) === CHUNK ? [0] : [0x3f800000, 0xbf800000];
      expect(
        mismatches.map(({ bits }) => bits),
        name,
      ).to.deep.equal(wrong.map((first) => first + count - 1));
    }
  });

  it("covers every function of one operand of at most 32 bits", () => {
    const shipped = (Object.keys(MAP_FN) as MapFn[]).flatMap((fn) =>
      (Object.keys(DTYPE_CODE) as DType[])
        .filter((from) => DTYPE_BYTES[from] <= 4)
        .flatMap((from) =>
          (Object.keys(DTYPE_CODE) as DType[])
            .filter((to) => fn !== "pick" && mapTakes(fn, [from], to))
            .map((to) => (Object.hasOwn(SWEPT, fn) ? fn : fn === "cast" ? `cast-${from}-${to}` : `${fn}-${from}`)),
        ),
    );
    expect(shipped).to.have.members([...FUNCTIONS]);
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

  it("find nothing wrong, and a planted bit", () => {
    for (const [name, pair] of PAIR_FUNCTIONS) {
      const execute = shippedPairs(pair);
      expect(oracle.compare(name, SEED, 1, execute), `${name}, seed ${SEED}`).to.equal(undefined);
      const difference = oracle.compare(name, SEED, 1, (operands, results) => {
        execute(operands, results);
        new Uint8Array(results.buffer, results.byteOffset)[(PAIRS - 1) * DTYPE_BYTES[pair.result]]! ^= 1;
      });
      expect(difference, name).to.have.keys("operands", "got");
    }
  });

  it("are as the reference says", () => {
    for (const [name, { fn, dtypes, result }] of PAIR_FUNCTIONS) {
      const count = fuzzCases(1000);
      const difference = oracle.compare(
        name,
        SEED,
        1,
        (operands, results) => {
          for (let i = 0; i < count; i++) {
            const bits = operands.map((operand, k) => readElement(operand, dtypes[k]!, i));
            writeElement(results, result, i, scalar(fn, dtypes, result, bits));
          }
        },
        count,
      );
      expect(difference, `${name}, seed ${SEED}`).to.equal(undefined);
    }
  });

  it("decide next to midpoints as the reference does", () => {
    for (const [a, b] of hardOperands("pow", ["f32", "f32"]) as [bigint, bigint][]) {
      expect(BigInt(powerBits(Number(a), Number(b))), `0x${a.toString(16)}^0x${b.toString(16)}`).to.equal(
        scalar("pow", ["f32", "f32"], "f32", [a, b]),
      );
    }
  });
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

describe("summaries of sweeps", () => {
  const code = { elementary: "a", exact: "b", pairs: "c" };
  const row = (name: string, inputs: number): Summary => {
    return { function: name, inputs, mismatches: 0, undecided: 0, seconds: 1, hardest: [] };
  };
  const pair = (name: string, pairs: number, code = "c") => {
    return { function: name, code, seed: 1, pairs, difference: null, seconds: 1 };
  };
  const sizes = ({ functions, pairs }: Summaries) => [
    ...functions.map((each) => [each.function, each.inputs]),
    ...pairs.map((each) => [each.function, each.pairs]),
  ];
  const order = { functions: ["exp", "not-u8", "not-i8"], pairs: ["add-f32", "sub-f32"] };
  const committed = {
    code,
    functions: [row("not-i8", 256), row("exp", 100)],
    pairs: [pair("add-f32", 7), pair("sub-f32", 9, "of older code")],
  };

  it("keep what is committed of the same code, and of a function in both the larger", () => {
    const fresh = { code, functions: [row("exp", 99), row("not-u8", 256)], pairs: [pair("add-f32", 8)] };
    expect(sizes(mergeSummaries(fresh, committed, order, kindOf))).to.deep.equal([
      ["exp", 100],
      ["not-u8", 256],
      ["not-i8", 256],
      ["add-f32", 8],
    ]);
  });

  it("drop what is committed of other code", () => {
    const fresh = { code: { elementary: "a", exact: "new", pairs: "new" }, functions: [], pairs: [] };
    expect(sizes(mergeSummaries(fresh, committed, order, kindOf))).to.deep.equal([["exp", 100]]);
  });
});

describe("the committed sweep", () => {
  const { code, functions, pairs } = JSON.parse(readFileSync(SUMMARY_FILE, "utf8")) as Summaries;

  it("is one of the code that ships", () => {
    expect(code, "npm run sweep, npm run sweep -- --pairs 100000000, then --summary").to.deep.equal(fingerprints());
  });

  it("met every operand of every function of one, and 10^8 pairs, or all there are, of every function of two", () => {
    const whole = functions.filter(({ function: name, inputs }) => inputs === operandsIn(name));
    expect(whole.map((each) => each.function)).to.have.members([...FUNCTIONS]);
    const compared = pairs.filter((each) => each.pairs >= 1e8 || each.pairs === PAIRS);
    expect(compared.map((each) => each.function)).to.have.members([...PAIR_FUNCTIONS.keys()]);
  });

  it("found no mismatch", () => {
    for (const each of functions) expect(each.mismatches, each.function).to.equal(0);
    for (const each of pairs) expect(each.difference, each.function).to.equal(null);
  });
});
