import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { loadKey } from "../../src/chain/keys.js";
import { createKey, listKeys, MIN_PASSWORD, rotateKey } from "../../src/chain/keystore.js";
import type { KeySource } from "../../src/config/settings.js";
import { TouchstoneError } from "../../src/errors.js";

const PASSWORD = "correct horse battery";
const NOTHING: KeySource = {
  ...{ keystore: undefined, password: undefined, passwordFile: undefined, privateKey: undefined },
  ...{ signerUrl: undefined, signerAddress: undefined },
};

async function codeOfAsync(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TouchstoneError) return thrown.code;
    throw thrown;
  }
}

describe("keystores", function () {
  this.timeout(120_000);
  const folder = join(mkdtempSync(join(tmpdir(), "touchstone-keys-")), "keys");
  after(() => rmSync(join(folder, ".."), { recursive: true }));

  it("keeps a key encrypted, for its owner only, and unlocks it with its password alone", async () => {
    const made = await createKey(folder, "worker", PASSWORD);
    expect([statSync(folder).mode & 0o777, statSync(made.path).mode & 0o777]).deep.equal([0o700, 0o600]);
    const { crypto, version } = JSON.parse(readFileSync(made.path, "utf8").replace('"Crypto"', '"crypto"')) as {
      crypto: { kdf: string; kdfparams: { n: number } };
      version: number;
    };
    expect([version, crypto.kdf, crypto.kdfparams.n >= 131_072]).deep.equal([3, "scrypt", true]);
    const key = await loadKey({ ...NOTHING, keystore: made.path, password: PASSWORD });
    expect(key.address).equal(made.address);
    const wrong = { ...NOTHING, keystore: made.path, password: `${PASSWORD}!` };
    expect(await codeOfAsync(() => loadKey(wrong))).equal("KEYSTORE_LOCKED");
    // With its checksum, as every other command prints and takes it.
    expect(listKeys(folder).map(({ name, address }) => [name, address])).deep.equal([["worker", made.address]]);
  });

  it("refuses names, short passwords and names that are taken, and writes nothing", async () => {
    const before = readdirSync(folder);
    expect(await codeOfAsync(() => createKey(folder, "../x", PASSWORD))).equal("KEY_NAME");
    expect(await codeOfAsync(() => createKey(folder, "worker", PASSWORD))).equal("KEY_EXISTS");
    expect(await codeOfAsync(() => createKey(folder, "short", "x".repeat(MIN_PASSWORD - 1)))).equal(
      "KEY_PASSWORD_SHORT",
    );
    expect(await codeOfAsync(() => rotateKey(folder, "nobody", PASSWORD))).equal("KEY_UNKNOWN");
    expect(readdirSync(folder)).deep.equal(before);
  });

  it("puts a new key in the old one's place and keeps the old one", async () => {
    const [old] = listKeys(folder);
    const { now, before } = await rotateKey(folder, "worker", PASSWORD);
    expect(before.address).equal(old!.address);
    expect((await loadKey({ ...NOTHING, keystore: now.path, password: PASSWORD })).address).equal(now.address);
    expect((await loadKey({ ...NOTHING, keystore: before.path, password: PASSWORD })).address).equal(old!.address);
    expect(listKeys(folder)).have.length(2);
  });

  it("does not read a password file that others can read", async () => {
    const passwordFile = join(folder, "..", "password");
    writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o644 });
    const keystore = listKeys(folder)[0]!.path;
    expect(await codeOfAsync(() => loadKey({ ...NOTHING, keystore, passwordFile }))).equal("KEY_FILE_EXPOSED");
  });
});
