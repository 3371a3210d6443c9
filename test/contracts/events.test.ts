import { readFileSync, writeFileSync } from "node:fs";

import { expect } from "chai";

import { callerOf, dataOf, passEdge, targetOf } from "../matrices/attempt.js";
import { createTeller } from "../matrices/events.js";
import { ENTRY_POINTS } from "../matrices/rows.js";
import { deployWorld, sendAs, type World } from "../matrices/world.js";
import { connect, type Connection } from "../support/protocol.js";

const PAGE = "docs/events.md";
const HEAD = `# Events

What every function that changes state says when it succeeds, with all that its events carry, from one call each. The page is compared with real calls, all of it. Renew it with \`UPDATE_SNAPSHOTS=1 npm test -- test/contracts/events.test.ts\`.

Accounts are told by their parts (_another_ has none), times from the call's own (_now_), ids by the argument that they came in or, where they are new, by a number (_#1_); amounts of whole millionths
of a coin end in _e18_. A function without a line changes nothing by itself that anybody could want to know: what calls it tells of it.
`;

const titleOf = ({ contract, name }: (typeof ENTRY_POINTS)[number]): string => `${contract}.${name}`;
const TOLD = ENTRY_POINTS.filter(({ never }) => never !== true);

/** Events by function, as docs/events.md has them. */
function readPage(): Map<string, string> {
  const sections = readFileSync(PAGE, "utf8").split("\n## ").slice(1);
  return new Map(
    sections.map((text) => [text.slice(0, text.indexOf("\n")), /```text\n([^]*?)```/.exec(text)?.[1] ?? ""]),
  );
}

const renderPage = (told: ReadonlyMap<string, string>): string =>
  HEAD +
  [...told].map(([title, lines]) => `\n## ${title}\n${lines === "" ? "" : `\n\`\`\`text\n${lines}\`\`\`\n`}`).join("");

describe("events", () => {
  let chain: Connection;
  let world: World;
  const told = new Map<string, string>();

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    world = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployWorld(chain);
  }

  for (const point of TOLD) {
    it(titleOf(point), async () => {
      const { time } = chain.networkHelpers;
      const ready = await point.scene(world);
      await passEdge(world, ready);
      if (point.pause === "only") await world.hub.connect(world.guardian).pause();
      const from = callerOf(world, point, ready);
      const [to, data] = [await targetOf(world, point, ready), dataOf(world, point, ready)];
      const receipt = (await (await sendAs(world, from, to, data, ready.value)).wait())!;
      const now = { block: receipt.blockNumber, time: BigInt(await time.latest()), epoch: await world.hub.epoch() };
      const tell = await createTeller(world, ready, now);
      told.set(titleOf(point), receipt.logs.map((log) => `${tell(log)}\n`).join(""));
      if (process.env["UPDATE_SNAPSHOTS"] === "1") return;
      expect(told.get(titleOf(point)), `UPDATE_SNAPSHOTS=1 renews ${PAGE}`).to.equal(readPage().get(titleOf(point)));
    });
  }

  it("are told of every function, and no other", () => {
    if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync(PAGE, renderPage(told));
    const page = readPage();
    expect([...page.keys()]).to.deep.equal(TOLD.map(titleOf));
    expect(readFileSync(PAGE, "utf8")).to.equal(renderPage(page));
  });
});
