import { homedir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

import { TouchstoneError } from "../errors.js";
import { faultsOf } from "../faults.js";

/**
 * Settings that come from the environment. Nothing else in the suite reads it. Secrets stay here: they are not printed, not
 * logged and not accepted as command-line arguments, where other users of the machine could see them.
 */
const schema = z.object({
  TOUCHSTONE_HOME: z.string().min(1).optional(),
  TOUCHSTONE_RPC_URL: z.url({ protocol: /^https?$/ }).optional(),
  TOUCHSTONE_RPC_OTHERS: z
    .string()
    .transform((text) => text.split(",").map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/ })))
    .optional(),
  TOUCHSTONE_DEPLOYMENT: z.string().min(1).optional(),
  TOUCHSTONE_KEYSTORE: z.string().min(1).optional(),
  TOUCHSTONE_KEYSTORE_PASSWORD: z.string().optional(),
  TOUCHSTONE_KEYSTORE_PASSWORD_FILE: z.string().min(1).optional(),
  TOUCHSTONE_SIGNER_URL: z.url({ protocol: /^https?$/ }).optional(),
  TOUCHSTONE_SIGNER_ADDRESS: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hex digits")
    .optional(),
  TOUCHSTONE_PRIVATE_KEY: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hex digits")
    .optional(),
  TOUCHSTONE_ALERT_URL: z.url({ protocol: /^https?$/ }).optional(),
  TOUCHSTONE_QUEUE_URL: z
    .string()
    .transform((text) => text.split(",").map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^(nats|tls)$/ })))
    .optional(),
  TOUCHSTONE_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).optional(),
  NO_COLOR: z.string().optional(),
});

export interface KeySource {
  readonly keystore: string | undefined;
  readonly password: string | undefined;
  readonly passwordFile: string | undefined;
  readonly privateKey: string | undefined;
  /** A program that keeps the key and signs by JSON-RPC, and which of its accounts to use. */
  readonly signerUrl: string | undefined;
  readonly signerAddress: string | undefined;
}

export interface Settings {
  /** Folder for models, state and keystores. */
  readonly home: string;
  readonly rpcUrl: string;
  /** Further endpoints of the same chain, to hold against the first. */
  readonly rpcOthers: readonly string[];
  /** Address book file; undefined means the one kept for the chain under `home`. */
  readonly deployment: string | undefined;
  readonly key: KeySource;
  /** Webhook for what a person should know; it may hold a secret. */
  readonly alertUrl: string | undefined;
  /** Addresses of the queue between a gateway and its inference hosts; they may hold a password. Undefined: no hosts. */
  readonly queue: readonly string[] | undefined;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  readonly color: boolean;
}

/**
 * Parses the environment once.
 * @throws TouchstoneError `CONFIG_INVALID` naming each wrong variable, never its value.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>> = process.env): Settings {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    throw new TouchstoneError("CONFIG_INVALID", `Environment settings are wrong: ${faultsOf(parsed.error)}`, {
      next: "Correct or unset the variables named above.",
    });
  }
  const vars = parsed.data;
  return {
    home: vars.TOUCHSTONE_HOME ?? join(homedir(), ".touchstone"),
    rpcUrl: vars.TOUCHSTONE_RPC_URL ?? "http://127.0.0.1:8545",
    rpcOthers: vars.TOUCHSTONE_RPC_OTHERS ?? [],
    deployment: vars.TOUCHSTONE_DEPLOYMENT,
    key: {
      keystore: vars.TOUCHSTONE_KEYSTORE,
      password: vars.TOUCHSTONE_KEYSTORE_PASSWORD,
      passwordFile: vars.TOUCHSTONE_KEYSTORE_PASSWORD_FILE,
      privateKey: vars.TOUCHSTONE_PRIVATE_KEY,
      signerUrl: vars.TOUCHSTONE_SIGNER_URL,
      signerAddress: vars.TOUCHSTONE_SIGNER_ADDRESS,
    },
    alertUrl: vars.TOUCHSTONE_ALERT_URL,
    queue: vars.TOUCHSTONE_QUEUE_URL,
    logLevel: vars.TOUCHSTONE_LOG_LEVEL ?? "info",
    color: vars.NO_COLOR === undefined,
  };
}

/** Settings that hold addresses whose paths, queries or user names may be secret. */
const ADDRESSES = [
  "TOUCHSTONE_RPC_URL",
  "TOUCHSTONE_RPC_OTHERS",
  "TOUCHSTONE_SIGNER_URL",
  "TOUCHSTONE_ALERT_URL",
  "TOUCHSTONE_QUEUE_URL",
] as const;

/** Addresses that nobody may see whole, in settings that need not be right. */
export const secretUrls = (env: Readonly<Record<string, string | undefined>> = process.env): string[] =>
  ADDRESSES.flatMap((name) => (env[name] ?? "").split(","))
    .map((url) => url.trim())
    .filter((url) => URL.canParse(url));
