import { gzipSync } from "node:zlib";

import { expect } from "chai";

import type { Tensor } from "../../src/audit/graph.js";
import { honestRuntimes, substitutesOf } from "../../src/calibrate/settings.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { neighbour } from "../../src/sim/frauds/deviating.js";
import { answerNext, FACTORS, type Findings, newFindings } from "../../src/sim/study/experiment.js";
import { judge } from "../../src/sim/study/judge.js";
import { measureMargins, readDigits } from "../../src/sim/study/margins.js";
import { parseStudy, readSubject, type Subject } from "../../src/sim/study/subject.js";
import { assetsDir } from "../support/conformance.js";
import { f32, i64 } from "../support/onnx-model.js";

describe("judge", () => {
  const audit = [f32([1, -2, 0]), i64([7])];
  const answer = (x: number, n = 7): Tensor[] => [f32([1, x, 0]), i64([n])];

  it("draws the line where the verdict does", () => {
    const atol = [0.25, 0];
    for (const edge of [-1.75, -2.25]) {
      const out = edge > -2 ? 1 : -1;
      expect(judge(audit, answer(edge), atol)).to.deep.equal({ verdict: "right", ratio: 1 });
      expect(judge(audit, answer(neighbour(edge, -out)), atol).verdict).to.equal("right");
      const beyond = judge(audit, answer(neighbour(edge, out)), atol);
      expect(beyond.verdict).to.equal("wrong");
      expect(beyond.ratio).to.be.above(1);
    }
  });

  it("allows nothing without a tolerance, nor to integers", () => {
    expect(judge(audit, answer(-2), [0, 0]).verdict).to.equal("right");
    expect(judge(audit, answer(neighbour(-2, 1)), [0, 0]).verdict).to.equal("wrong");
    expect(judge(audit, answer(-2, 8), [1, 1]).verdict).to.equal("wrong");
  });

  it("calls answers that are no number wrong, and prefers wrong to void", () => {
    for (const x of [NaN, Infinity, -Infinity]) expect(judge(audit, answer(x), [1, 0]).verdict).to.equal("wrong");
    expect(judge([f32([NaN, 1])], [f32([1, 1])], [1]).verdict).to.equal("void");
    expect(judge([f32([NaN, 1])], [f32([1, 3])], [1]).verdict).to.equal("wrong");
  });
});

describe("experiment on a small trained model", () => {
  const [settings] = parseStudy(
    JSON.stringify([{ name: "mnist-rten", domains: { input: [-1, 1] }, classes: "scores" }]),
  );
  const subject = readSubject(assetsDir, settings!)!;
  const atol = [0.0005];
  let honest: Runtime[] = [];
  let findings: Findings;
  const experiment = async (of: Findings, count: number, within: Subject = subject) => {
    const substitutes = await substitutesOf(within.model);
    for (let n = 0; n < count; n++) await answerNext(of, { subject: within, honest, substitutes, atol });
    await Promise.all(substitutes.map(({ runtime }) => runtime.release()));
    return of;
  };

  before(async () => {
    honest = await honestRuntimes(subject.model, subject.graph);
    findings = await experiment(newFindings(5), 10);
  });
  after(() => Promise.all(honest.map((runtime) => runtime.release())));

  it("finds honest answers right and cheap ones wrong", () => {
    for (const [label, { answers, wrong, extreme }] of Object.entries(findings.honest)) {
      expect({ answers, wrong }, label).to.deep.equal({ answers: 10, wrong: 0 });
      expect(extreme)
        .to.be.above(0)
        .and.below(1 / 16);
    }
    expect(findings.cheap["int8"]).to.deep.include({ answers: 10, wrong: 10 });
    expect(findings.cheap["tf32"]!.wrong).to.be.above(4);
    expect(findings.kinds["random"]!.answers).to.equal(10);
  });

  it("detects every fraud from 1.01 times the tolerance on, and decides both sides of it", () => {
    expect(findings.frauds).to.have.all.keys(FACTORS.map(String));
    for (const [factor, { answers, wrong, extreme }] of Object.entries(findings.frauds)) {
      expect({ answers, wrong }, factor).to.deep.equal({ answers: 10, wrong: 10 });
      expect(extreme).to.be.at.least(Number(factor) * (1 - 1e-9));
    }
    expect(findings.boundary).to.deep.equal({ tried: 10, right: 10, wrong: 10 });
  });

  it("goes on as if it had not stopped", async () => {
    const stored = JSON.parse(JSON.stringify(await experiment(newFindings(5), 4))) as Findings;
    expect(await experiment(stored, 6)).to.deep.equal(findings);
  });

  it("would notice an honest runtime that is not", async () => {
    const [one] = honest;
    const broken: Runtime = {
      label: "broken",
      release: () => Promise.resolve(),
      run: async (inputs) => (await one!.run(inputs)).map(({ data }) => f32([...data].map((x) => Number(x) + 0.001))),
    };
    const found = newFindings(5);
    await answerNext(found, { subject, honest: [one!, broken], substitutes: [], atol });
    expect(found.honest["broken"]!.wrong).to.equal(1);
  });
});

describe("margins", () => {
  const blank = new Array<number>(64).fill(0);
  const zip = (...lines: (readonly number[])[]) => gzipSync(lines.map((line) => line.join()).join("\n"));

  it("enlarges a digit into the middle", () => {
    const [digit] = readDigits(zip([...new Array<number>(64).fill(16), 3]));
    expect(digit!.label).to.equal(3);
    const at = (x: number, y: number): number => digit!.pixels[y * 28 + x]!;
    expect(at(14, 14)).to.equal(1);
    expect([at(2, 14), at(25, 14), at(14, 2), at(14, 25)]).to.deep.equal([0, 0, 0, 0]);
    expect(at(3, 14)).to.be.above(0).and.below(1);
    const [corner] = readDigits(zip([...blank.with(7, 16), 0]));
    const middle = corner!.pixels.reduce((best, v, i, all) => (v > all[best]! ? i : best), 0);
    expect([middle % 28, Math.floor(middle / 28)]).to.deep.equal([22, 5]);
  });

  it("refuses what is no digit", () => {
    for (const line of [
      [1, 2],
      [...blank.with(0, 17), 1],
      [...blank.with(0, -1), 1],
    ]) {
      expect(() => readDigits(zip(line)))
        .to.throw()
        .with.property("code", "DIGITS_INVALID");
    }
  });

  it("counts those under twice the tolerance, and no more", () => {
    const [settings] = parseStudy(
      JSON.stringify([
        {
          name: "mnist-8-cntk",
          domains: { Input3: [0, 255] },
          classes: "scores",
          realSets: true,
          digits: { scale: 255, offset: 0 },
        },
      ]),
    );
    const subject = readSubject(assetsDir, settings!)!;
    const digits = readDigits(zip([...blank, 0], [...new Array<number>(64).fill(16), 1]));
    const found = measureMargins(subject, [0], digits)!;
    expect(found.inputs).to.equal(5);
    expect(found.narrow).to.equal(0);
    const narrow = (atol: number): number => measureMargins(subject, [atol], digits)!.narrow;
    expect(narrow(found.smallest / 2)).to.equal(0);
    expect(narrow(found.smallest * 0.51)).to.equal(1);
    expect(narrow(1e9)).to.equal(5);
  });
});

it("a study names what is wrong with its list", () => {
  expect(() => parseStudy('[{"name":"m"}]'))
    .to.throw()
    .with.property("code", "STUDY_INVALID");
});
