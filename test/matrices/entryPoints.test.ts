import { readFileSync, writeFileSync } from "node:fs";

import { expect } from "chai";

import { connect, type Connection } from "../support/protocol.js";
import { callerOf, passEdge, refusalOf } from "./attempt.js";
import type { Edge } from "./entry-point.js";
import { renderPage } from "./page.js";
import { ENTRY_POINTS } from "./rows.js";
import { CONTRACTS, deployWorld, PARTIES, type World } from "./world.js";

const PAGE = "docs/entry-points.md";
/** Seconds before, at and after a deadline. */
const STEPS = [-1n, 0n, 1n] as const;
const OPEN: Readonly<Record<Edge["kind"], readonly boolean[]>> = {
  until: [true, true, false],
  after: [false, false, true],
  from: [false, true, true],
};

/** docs/entry-points.md is this matrix for people. */
describe("entry points", () => {
  let chain: Connection;
  let world: World;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    world = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployWorld(chain);
  }

  it("are all functions that change state, of all contracts", () => {
    const rows = ENTRY_POINTS.map(({ contract, name }) => `${contract}.${name}`);
    const functions = CONTRACTS.flatMap((contract) =>
      world.contracts[contract].interface.fragments
        .filter((each) => each.type === "function")
        .map((each) => each as unknown as { name: string; constant: boolean })
        .filter(({ constant }) => !constant)
        .map(({ name }) => `${contract}.${name}`),
    );
    expect(rows.toSorted()).to.deep.equal(functions.toSorted());
  });

  it("are listed in docs/entry-points.md", () => {
    const page = renderPage(ENTRY_POINTS);
    if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, "utf8"), "UPDATE_SNAPSHOTS=1 renews it").to.equal(page);
  });

  for (const point of ENTRY_POINTS) {
    const { contract, name, may, refusal, refusals = {}, pause } = point;

    it(`${contract}.${name}: who may call, and in a pause`, async () => {
      const ready = await point.scene(world);
      await passEdge(world, ready);
      if (pause === "only") {
        const refused = await refusalOf(world, point, ready, callerOf(world, point, ready));
        expect(refused, "without a pause").to.equal("NotPaused");
        await world.hub.connect(world.guardian).pause();
      }
      const found: Record<string, string | undefined> = {};
      for (const party of PARTIES) {
        // What depends on the caller's own standing is tried by whoever the scene prepared.
        const from = may === "anybody" && ready.by !== undefined ? ready.by : world.addresses[party];
        found[party] = await refusalOf(world, point, ready, from);
      }
      const expected = PARTIES.map((party) => [
        party,
        may === "anybody" || may.includes(party) ? undefined : (refusals[party] ?? refusal),
      ]);
      expect(found).to.deep.equal(Object.fromEntries(expected));

      if (pause === "only" || point.never === true) return;
      if (name !== "pause") await world.hub.connect(world.guardian).pause();
      const inPause = await refusalOf(world, point, ready, callerOf(world, point, ready));
      expect(inPause, "in a pause").to.equal(pause === "stands" ? "Paused" : undefined);
    });

    for (const [number, scene] of [point.scene, ...(point.others ?? [])].entries()) {
      if (point.deadline === undefined) continue;
      it(`${contract}.${name}: deadline ${number + 1}, a second before, at it, and a second after`, async () => {
        const ready = await scene(world);
        const { at, kind, error } = ready.edge!;
        const found: (string | undefined)[] = [];
        for (const step of STEPS) {
          found.push(await refusalOf(world, point, ready, callerOf(world, point, ready), BigInt(at) + step));
        }
        expect(found).to.deep.equal(OPEN[kind].map((open) => (open ? undefined : error)));
      });
    }
  }
});
