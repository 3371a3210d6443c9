import { expect } from "chai";

import { cidOf } from "../../src/models/cid.js";

describe("CIDs", () => {
  it("equal those that `ipfs add --cid-version 1` prints", async () => {
    expect(await cidOf(new TextEncoder().encode("hello world"))).equal(
      "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
    );
    expect(await cidOf(new Uint8Array())).equal("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  });

  it("of files over one chunk are a tree's", async () => {
    expect(await cidOf(new Uint8Array(262_144))).match(/^bafkrei/);
    expect(await cidOf(new Uint8Array(262_145))).match(/^bafybei/);
  });
});
