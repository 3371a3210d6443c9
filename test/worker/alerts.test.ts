import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { createAlerts } from "../../src/alerts.js";
import { TouchstoneError } from "../../src/errors.js";

const [WARN, ERROR] = [40, 50];

describe("alerts", () => {
  let bodies: Record<string, unknown>[];
  let refuse = 0;
  let at = 0;
  const lost: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      if (refuse-- > 0) return void response.writeHead(500).end();
      bodies.push(JSON.parse(text) as Record<string, unknown>);
      response.end();
    });
  });
  let url: URL;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
  });
  after(() => server.close());
  beforeEach(() => {
    [bodies, refuse, at] = [[], 0, 0];
    lost.length = 0;
  });

  const make = () =>
    createAlerts({
      ...{
        url,
        role: "watcher",
        now: () => at,
        pause: () => Promise.resolve(),
        onFailure: (message) => lost.push(message),
      },
      post: async (to, body) => {
        const { ok } = await fetch(to, { method: "POST", body });
        if (!ok) throw new TouchstoneError("REFUSED", "refused");
      },
    });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it("tells of errors and of what matters, once about the same in ten minutes, with the reason and amounts in words", async () => {
    const alerts = make();
    alerts.see(WARN, { event: "suspect", claimId: "0x1", bond: 5n }, "answer is wrong");
    alerts.see(WARN, { event: "suspect", claimId: "0x1" }, "again");
    alerts.see(WARN, { event: "suspect", claimId: "0x2" }, "answer is wrong");
    alerts.see(WARN, { event: "checked", claimId: "0x3" }, "answer is right");
    alerts.see(ERROR, { event: "failed", code: "RPC_FAILED", err: new TouchstoneError("RPC_FAILED", "away") }, "away");
    await until(() => bodies.length === 3);
    at = 600_000;
    alerts.see(WARN, { event: "suspect", claimId: "0x1" }, "later");
    await until(() => bodies.length === 4);
    expect(bodies.map(({ event, message }) => [event, message])).to.deep.equal([
      ["suspect", "answer is wrong"],
      ["suspect", "answer is wrong"],
      ["failed", "away"],
      ["suspect", "later"],
    ]);
    expect(bodies[0]).to.include({ role: "watcher", bond: "5" });
    expect(bodies[2]).to.include({ error: "away" });
  });

  it("tries again where the webhook is away, in order, and says so where it stays away", async () => {
    const alerts = make();
    refuse = 3;
    alerts.see(ERROR, { event: "a" }, "");
    alerts.see(ERROR, { event: "b" }, "");
    await until(() => bodies.length === 2);
    expect(bodies.map(({ event }) => event)).to.deep.equal(["a", "b"]);
    refuse = 4;
    alerts.see(ERROR, { event: "c" }, "");
    await until(() => lost.length === 1);
  });
});
