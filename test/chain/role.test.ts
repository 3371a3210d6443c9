import { expect } from "chai";
import { pino } from "pino";

import { stepAll, stepEach } from "../../src/chain/role.js";
import { TouchstoneError } from "../../src/errors.js";

describe("stepEach", () => {
  const lines: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });
  const wording = { log, event: "step-failed", message: "cannot step", about: (id: string) => ({ id }) };
  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  beforeEach(() => {
    lines.length = 0;
  });

  it("tells whether any step did something", async () => {
    expect(await stepEach(["a", "b"], (id) => Promise.resolve(id === "a"), wording)).to.equal(true);
    expect(await stepEach(["a", "b"], () => Promise.resolve(false), wording)).to.equal(false);
    expect(lines).to.deep.equal([]);
  });

  it("goes on after a step that fails, and says what it was about", async () => {
    const taken: string[] = [];
    const step = (id: string): Promise<boolean> => {
      taken.push(id);
      return id === "a" ? Promise.reject(new Error("broken")) : Promise.resolve(true);
    };
    expect(await stepEach(["a", "b"], step, wording)).to.equal(true);
    expect(taken).to.deep.equal(["a", "b"]);
    expect(logged()).to.have.length(1);
    expect(logged()[0]).to.include({ level: 50, event: "step-failed", id: "a", msg: "cannot step" });
  });

  it("takes what a limit of one's own holds back for no fault", async () => {
    const step = () => Promise.reject(new TouchstoneError("BUDGET_SPENT", "the day's gas is spent"));
    expect(await stepEach(["a"], step, wording)).to.equal(false);
    expect(logged()[0]).to.include({ level: 40, event: "held-back", id: "a", code: "BUDGET_SPENT" });
  });
});

describe("stepAll", () => {
  const lines: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });

  it("takes all steps, tells each whether one before it did something, and throws the first failure after the last", async () => {
    const told: boolean[] = [];
    const step = (acted: boolean): boolean => told.push(acted) === 2;
    const failing = (): never => {
      throw new Error(`failure ${told.length}`);
    };
    const thrown: unknown = await stepAll([step, failing, step, failing, step], log).catch((error: unknown) => error);
    expect((thrown as Error).message).to.equal("failure 1");
    expect(told).to.deep.equal([false, false, true]);
    expect(lines).to.deep.equal([]);
  });

  it("takes what a limit of one's own holds back for no fault", async () => {
    const held = () => Promise.reject(new TouchstoneError("DRY_RUN", "nothing is sent"));
    expect(await stepAll([held, () => true], log)).to.equal(true);
    expect(JSON.parse(lines[0] ?? "{}")).to.include({ level: 40, event: "held-back", code: "DRY_RUN" });
  });
});
