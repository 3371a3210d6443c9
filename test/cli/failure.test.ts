import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";

import { expect } from "chai";
import { toBeHex, ZeroHash } from "ethers";

import { requireDeployed } from "../../src/chain/deployment.js";
import { loadKey } from "../../src/chain/keys.js";
import { suiteAbi } from "../../src/chain/suite.js";
import { known } from "../../src/cli/failure.js";
import { readSettings } from "../../src/config/settings.js";
import { TouchstoneError } from "../../src/errors.js";

/** Whatever a function throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    return expect.fail(`nothing thrown: ${String(work())}`);
  } catch (thrown) {
    return thrown;
  }
}

const keyOf = (env: Readonly<Record<string, string>>) =>
  loadKey(readSettings(env).key).catch((thrown: unknown) => thrown);

describe("failures of commands", () => {
  const abi = suiteAbi();

  it("are told by name: what contracts refuse to show", () => {
    const data = abi.encodeErrorResult("UnknownModel", [ZeroHash]);
    const thrown = Object.assign(new Error("execution reverted"), { code: "CALL_EXCEPTION", data });
    expect(known(thrown)).to.be.instanceOf(TouchstoneError).and.include({ code: "UnknownModel" });
  });

  it("are told by name: numbers that no contract takes", () => {
    const encode = (exitId: number) => abi.encodeFunctionData("cancelExit", [toBeHex(1, 20), exitId]);
    expect(encode(2 ** 32 - 1)).to.match(/^0x/);
    for (const exitId of [-1, 2 ** 48]) {
      const told = known(thrownBy(() => encode(exitId)));
      expect(told, String(exitId)).to.include({ code: "VALUE_OUT_OF_RANGE" });
      expect((told as Error).message)
        .to.include("exitId")
        .and.include(String(exitId));
    }
  });

  it("are told by name: files that can't be used, and nodes that went away", async () => {
    const path = join(tmpdir(), "touchstone-nothing-here", "x");
    const told = known(thrownBy(() => readFileSync(path)));
    expect(told).to.include({ code: "FILE_UNUSABLE" });
    expect((told as Error).message).to.include(path);
    const silence = await fetch("http://127.0.0.1:9").catch((thrown: unknown) => thrown);
    expect(known(silence)).to.include({ code: "RPC_FAILED", retryable: true });
  });

  it("stay what they are where nobody knows them", () => {
    for (const thrown of [new TypeError("x is not a function"), "text", new TouchstoneError("INTERNAL", "broken")]) {
      expect(known(thrown)).to.equal(thrown);
    }
  });

  it("name keys and passwords that can't be used, and never show them", async () => {
    for (const digit of ["0", "f"]) {
      const privateKey = `0x${digit.repeat(64)}`;
      const told = await keyOf({ TOUCHSTONE_PRIVATE_KEY: privateKey });
      expect(told).to.include({ code: "KEY_INVALID" });
      expect((told as Error).message).not.to.include(privateKey);
      expect((told as Error).cause).to.equal(undefined);
    }
    const nowhere = join(tmpdir(), "touchstone-nothing-here");
    const told = await keyOf({ TOUCHSTONE_KEYSTORE: nowhere, TOUCHSTONE_KEYSTORE_PASSWORD_FILE: nowhere });
    expect(told).to.include({ code: "KEY_PASSWORD_UNREADABLE" });
  });

  it("do not fill a screen with what a hostile file is called", () => {
    expect(new TouchstoneError("X", "a".repeat(4_000)).message).to.have.length(4_000);
    expect(new TouchstoneError("X", "a".repeat(50_000_000)).message).to.match(
      /^a{4000}\.\.\. \(50000000 characters\)$/,
    );
  });

  it("tell an address book of a chain that was started anew", async () => {
    const book = { chainId: 31_337, hub: toBeHex(7, 20) } as Parameters<typeof requireDeployed>[1];
    const told = await requireDeployed({ getCode: () => Promise.resolve("0x") }, book).catch((e: unknown) => e);
    expect(told).to.include({ code: "DEPLOYMENT_ABSENT" });
    await requireDeployed({ getCode: () => Promise.resolve("0x60") }, book);
  });
});
