import { readFileSync, statSync } from "node:fs";

import { Wallet, type HDNodeWallet } from "ethers";

import type { KeySource } from "../config/settings.js";
import { TouchstoneError, messageOf } from "../errors.js";

function passwordOf(source: KeySource): string {
  if (source.password !== undefined) return source.password;
  if (source.passwordFile === undefined) {
    throw new TouchstoneError("KEY_PASSWORD_MISSING", "The keystore needs a password.", {
      next: "Set TOUCHSTONE_KEYSTORE_PASSWORD_FILE (a file only you can read) or TOUCHSTONE_KEYSTORE_PASSWORD.",
    });
  }
  if ((statSync(source.passwordFile).mode & 0o077) !== 0) {
    throw new TouchstoneError("KEY_FILE_EXPOSED", `Others can read the password file ${source.passwordFile}.`, {
      next: `Run: chmod 600 ${source.passwordFile}`,
    });
  }
  return readFileSync(source.passwordFile, "utf8").replace(/\r?\n$/, "");
}

/**
 * Unlocks the key of this process: an encrypted keystore (Web3 Secret Storage v3) or, for throw-away keys, the
 * environment. The key itself never appears in an error.
 */
export async function loadKey(source: KeySource): Promise<Wallet | HDNodeWallet> {
  if (source.keystore !== undefined) {
    const password = passwordOf(source);
    try {
      return await Wallet.fromEncryptedJson(readFileSync(source.keystore, "utf8"), password);
    } catch (cause) {
      throw new TouchstoneError("KEYSTORE_LOCKED", `Cannot unlock ${source.keystore}: ${messageOf(cause)}`, {
        next: "Check the path and the password.",
      });
    }
  }
  if (source.privateKey !== undefined) return new Wallet(source.privateKey);
  throw new TouchstoneError("KEY_MISSING", "This command signs transactions and has no key.", {
    next: "Set TOUCHSTONE_KEYSTORE to a keystore file, or TOUCHSTONE_PRIVATE_KEY for a throw-away key.",
  });
}
