import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";

import { getAddress, isAddress, Wallet } from "ethers";

import { TouchstoneError, messageOf } from "../errors.js";
import { writeWhole } from "../whole.js";

/** A keystore file: Web3 Secret Storage v3, scrypt. Its name and address are public, the key is not. */
export interface StoredKey {
  readonly name: string;
  readonly path: string;
  readonly address: string;
}

/** Passwords shorter than this are guessed in no time, whatever scrypt does. */
export const MIN_PASSWORD = 8;

function requireName(name: string): void {
  if (/^[\w-]{1,64}$/.test(name)) return;
  throw new TouchstoneError("KEY_NAME", `"${name}" is no name for a key.`, { next: "Use letters, digits, - and _." });
}

/** Names, files and addresses of the keys in a folder, by name. */
export function listKeys(folder: string): StoredKey[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => {
      const path = join(folder, file);
      let address: unknown;
      try {
        ({ address } = JSON.parse(readFileSync(path, "utf8")) as { address?: unknown });
      } catch (cause) {
        throw new TouchstoneError("KEYSTORE_INVALID", `${path} is no keystore: ${messageOf(cause)}`, { cause });
      }
      const hex = `0x${String(address).replace(/^0x/, "")}`;
      if (!isAddress(hex)) throw new TouchstoneError("KEYSTORE_INVALID", `${path} names no address.`);
      return { name: file.slice(0, -".json".length), path, address: getAddress(hex) };
    });
}

/**
 * Makes a new key and keeps it encrypted.
 * @throws TouchstoneError `KEY_EXISTS`, `KEY_NAME`, `KEY_PASSWORD_SHORT`; nothing is written then.
 */
export async function createKey(folder: string, name: string, password: string): Promise<StoredKey> {
  requireName(name);
  if (password.length < MIN_PASSWORD) {
    throw new TouchstoneError("KEY_PASSWORD_SHORT", `A password of ${password.length} characters is too short.`, {
      next: `Use at least ${MIN_PASSWORD}.`,
    });
  }
  const path = join(folder, `${name}.json`);
  if (existsSync(path)) {
    throw new TouchstoneError("KEY_EXISTS", `There is a key ${path}.`, { next: "Take another name, or rotate it." });
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const wallet = Wallet.createRandom();
  writeWhole(path, await wallet.encrypt(password), 0o600);
  return { name, path, address: wallet.address };
}

/**
 * Puts a new key in the place of one that exists; the old one stays beside it, because stake and credits may still be its own.
 * @throws TouchstoneError `KEY_UNKNOWN` and what `createKey` throws.
 */
export async function rotateKey(
  folder: string,
  name: string,
  password: string,
): Promise<{ now: StoredKey; before: StoredKey }> {
  const before = listKeys(folder).find((key) => key.name === name);
  if (before === undefined) {
    throw new TouchstoneError("KEY_UNKNOWN", `There is no key "${name}" in ${folder}.`, {
      next: "`touchstone key list` names those that there are.",
    });
  }
  const next = await createKey(folder, `${name}-next`, password);
  const retired = {
    ...before,
    name: `${name}-${before.address.slice(2, 10)}`,
    path: join(folder, `${name}-${before.address.slice(2, 10)}.json`),
  };
  renameSync(before.path, retired.path);
  renameSync(next.path, before.path);
  return { now: { ...next, name, path: before.path }, before: retired };
}
