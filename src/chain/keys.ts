import { readFileSync, statSync } from "node:fs";

import { type Provider, type Signer, Wallet } from "ethers";

import type { KeySource } from "../config/settings.js";
import { TouchstoneError, messageOf } from "../errors.js";
import { connectRemoteSigner } from "./remoteSigner.js";

/** A key that signs, wherever it is kept. */
export interface KeySigner extends Signer {
  readonly address: string;
  connect(provider: Provider | null): KeySigner;
}

function requirePrivate(what: string, path: string): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  throw new TouchstoneError("KEY_FILE_EXPOSED", `Others can read the ${what} ${path}.`, {
    next: `Run: chmod 600 ${path}`,
  });
}

/** @throws TouchstoneError `KEY_PASSWORD_MISSING`, `KEY_PASSWORD_UNREADABLE`, `KEY_FILE_EXPOSED`. */
export function passwordOf(source: KeySource): string {
  if (source.password !== undefined) return source.password;
  if (source.passwordFile === undefined) {
    throw new TouchstoneError("KEY_PASSWORD_MISSING", "The keystore needs a password.", {
      next: "Set TOUCHSTONE_KEYSTORE_PASSWORD_FILE (a file only you can read) or TOUCHSTONE_KEYSTORE_PASSWORD.",
    });
  }
  try {
    requirePrivate("password file", source.passwordFile);
    return readFileSync(source.passwordFile, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    if (cause instanceof TouchstoneError) throw cause;
    throw new TouchstoneError("KEY_PASSWORD_UNREADABLE", `Cannot read the password: ${messageOf(cause)}`, {
      next: "Check TOUCHSTONE_KEYSTORE_PASSWORD_FILE.",
      cause,
    });
  }
}

/** @throws TouchstoneError `KEY_INVALID` for the numbers of 32 bytes that are no keys; without a cause, which might quote it. */
function walletOf(privateKey: string): Wallet {
  try {
    return new Wallet(privateKey);
  } catch {
    throw new TouchstoneError("KEY_INVALID", "TOUCHSTONE_PRIVATE_KEY is no private key of secp256k1.", {
      next: "Make one with `touchstone key new` and set TOUCHSTONE_KEYSTORE.",
    });
  }
}

/**
 * The key of this process: kept by another program, in an encrypted keystore (Web3 Secret Storage v3) or, for throw-away keys,
 * in the environment. The key itself never appears in an error.
 */
export async function loadKey(source: KeySource): Promise<KeySigner> {
  if (source.signerUrl !== undefined) return connectRemoteSigner(source.signerUrl, source.signerAddress);
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
  if (source.privateKey !== undefined) return walletOf(source.privateKey);
  throw new TouchstoneError("KEY_MISSING", "This command signs transactions and has no key.", {
    next: "Make one with `touchstone key new` and set TOUCHSTONE_KEYSTORE; TOUCHSTONE_PRIVATE_KEY is for throw-away keys.",
  });
}
