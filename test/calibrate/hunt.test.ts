import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { tensorBytes } from "../../src/audit/bytes.js";
import type { Tensor } from "../../src/audit/graph.js";
import { readHunt, writeHunt } from "../../src/calibrate/hunt-file.js";
import { type HuntState, huntRound, newHunt, type Prey } from "../../src/calibrate/hunt.js";
import { createRandom, generateInput, KINDS } from "../../src/calibrate/inputs.js";
import { type Move, MOVES, mutate, structuredInputs } from "../../src/calibrate/mutate.js";
import { firstOutside } from "../../src/models/domain.js";

const specs = [
  { name: "x", dtype: "f32", shape: [2, 6, 8], lo: 0xc0000000n, hi: 0x40800000n },
  { name: "tokens", dtype: "i64", shape: [5], lo: 0n, hi: 255n },
  { name: "one", dtype: "f32", shape: [1], lo: 0n, hi: 0x3f800000n },
] as const;

const expectInside = (inputs: readonly Tensor[], by: string): void =>
  specs.forEach((spec, i) => expect(firstOutside(tensorBytes(inputs[i]!), spec), by).to.equal(undefined));

describe("moves of a search", () => {
  for (const move of Object.keys(MOVES) as Move[]) {
    it(`${move} stays in the domain and changes something`, () => {
      const random = createRandom(9);
      const draw = () => specs.map((spec) => generateInput(spec, KINDS[Math.floor(random() * KINDS.length)]!, random));
      let changed = 0;
      for (let n = 0; n < 100; n++) {
        const [parent, other] = [draw(), draw()];
        const before = parent.map((tensor) => tensorBytes(tensor).join());
        const child = mutate(specs, move, [parent, other], random);
        expectInside(child, move);
        expect(parent.map((tensor) => tensorBytes(tensor).join())).to.deep.equal(before);
        if (child.some((tensor, i) => tensorBytes(tensor).join() !== before[i])) changed++;
      }
      expect(changed).to.be.above(30);
    });
  }

  it("structured inputs lie in the domain", () => {
    for (const inputs of structuredInputs(specs)) expectInside(inputs, "structured");
  });
});

describe("hunt", () => {
  /** Noise peaks where the left half of the first input is near one secret value, and the right half near another. */
  const secret = (i: number): number => (i % 8 < 4 ? 1.7 : -0.6);
  const closeness = ([x]: readonly Tensor[]): number =>
    1 / (1 + [...x!.data].reduce<number>((sum, v, i) => sum + Math.abs(Number(v) - secret(i)), 0) / x!.data.length);
  const prey: Prey = {
    specs,
    screen: (inputs) => Promise.resolve({ guess: closeness(inputs), answers: [] }),
    judge: (inputs) => closeness(inputs),
  };
  const advance = async (state: HuntState, rounds: number): Promise<HuntState> => {
    let now = state;
    for (let i = 0; i < rounds; i++) now = await huntRound(now, prey);
    return now;
  };

  let folder = "";
  before(() => (folder = mkdtempSync(join(tmpdir(), "hunt-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("comes much closer to the peak than random inputs do", async () => {
    const random = createRandom(3);
    const blind = Array.from({ length: 1_600 }, () =>
      closeness(specs.map((spec) => generateInput(spec, KINDS[Math.floor(random() * KINDS.length)]!, random))),
    );
    const found = await advance(newHunt(3), 200);
    expect(found.screened).to.be.at.most(1_612);
    const distance = (score: number): number => 1 / score - 1;
    expect(distance(found.best!.score)).to.be.below(0.7 * distance(Math.max(...blind)));
    expectInside(found.best!.inputs, found.best!.by);
  });

  it("begins with what it is given", async () => {
    const start = specs.map((spec) => generateInput(spec, "constant", createRandom(1)));
    start[0]!.data.forEach((_, i) => (start[0]!.data[i] = secret(i)));
    const first = await huntRound(newHunt(1), prey, [start]);
    expect(first.best!.score).to.be.above(0.999);
    expect(first.best!.by).to.equal("start");
  });

  it("goes on from a file as if it had not stopped", async () => {
    const path = join(folder, "goes-on.json");
    const whole = await advance(newHunt(4), 30);
    writeHunt(path, "subject", { atol: [0.5, 0], state: await advance(newHunt(4), 12), cpuSeconds: 1.5 });
    const { state, ...rest } = readHunt(path, "subject")!;
    expect(rest).to.deep.equal({ atol: [0.5, 0], cpuSeconds: 1.5 });
    expect(await advance(state, 18)).to.deep.equal(whole);
  });

  it("starts anew when it is stuck, and keeps the best", async () => {
    const flat: Prey = { ...prey, judge: () => 0.5 };
    let state = newHunt(5);
    for (let i = 0; i < 400; i++) state = await huntRound(state, flat);
    expect(state.restarts).to.equal(2);
    expect(state.best!.score).to.equal(0.5);
  });

  it("refuses the file of another search, or what is none", () => {
    const path = join(folder, "foreign.json");
    expect(readHunt(path, "subject")).to.equal(undefined);
    writeHunt(path, "subject", { atol: [1], state: newHunt(1), cpuSeconds: 0 });
    const before = readFileSync(path, "utf8");
    expect(() => readHunt(path, "other"))
      .to.throw()
      .with.property("code", "HUNT_FOREIGN");
    expect(readFileSync(path, "utf8")).to.equal(before);
    writeFileSync(path, before.slice(0, 20));
    expect(() => readHunt(path, "subject"))
      .to.throw()
      .with.property("code", "HUNT_FOREIGN");
  });
});
