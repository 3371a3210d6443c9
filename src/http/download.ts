import { createReadStream, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";

import { TouchstoneError, messageOf } from "../errors.js";

/** Judges bytes as they come; `end` says what is wrong with the whole. */
export interface Check {
  update(part: Uint8Array): Promise<void>;
  /** Undefined where all is well. */
  end(): Promise<string | undefined>;
}

export interface DownloadOptions {
  /** Where the bytes are kept as they come; a file that is there is continued. */
  readonly partial: string;
  /** Most bytes to take. */
  readonly limit: number;
  /** Made anew for every try. */
  readonly check: () => Check;
  /** Longest silence of the other side. */
  readonly silenceMs: number;
}

/** A source gave other bytes than were asked for, or too many: another may have the right ones. */
const wrong = (url: URL, what: string): TouchstoneError =>
  new TouchstoneError("DOWNLOAD_WRONG", `${url.href} is not what was asked for: ${what}.`, {
    next: "Name another source.",
  });

const failed = (url: URL, cause: unknown): TouchstoneError =>
  new TouchstoneError("DOWNLOAD_FAILED", `${url.href} could not be fetched: ${messageOf(cause)}.`, {
    next: "Try again: what has come is kept and continued. Or name another source.",
    retryable: true,
    cause,
  });

const silent = (ms: number): TouchstoneError =>
  new TouchstoneError("DOWNLOAD_SILENT", `it was silent for ${ms} ms`, { retryable: true });

/** Tries in a row that bring no byte, and beginnings from the start, before a source is given up. */
const MOST = 3;

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

/** First byte of a partial answer (`bytes 100-199/1000`). */
function startOf(response: Response): number {
  if (response.status !== 206) return 0;
  const match = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "");
  return match === null ? -1 : Number(match[1]);
}

/** Asks for the bytes from `from` on and appends what comes. */
async function fetchFrom(
  url: URL,
  from: number,
  { check, ...options }: Omit<DownloadOptions, "check"> & { check: Check },
): Promise<void> {
  const { partial, limit, silenceMs } = options;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(silent(silenceMs)), silenceMs);
  try {
    const response = await fetch(url, {
      signal: silence.signal,
      // What a proxy compresses has other positions.
      headers: { "accept-encoding": "identity", ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
    });
    // All of it is there already, or the file is shorter than what was kept: the check says which.
    if (response.status === 416 && from > 0) return;
    if (!response.ok || response.body === null) {
      throw new TouchstoneError("DOWNLOAD_REFUSED", `status ${response.status}`);
    }
    const start = startOf(response);
    if (start !== from) throw new TouchstoneError("DOWNLOAD_RESTART", `it continues at ${start}, not at ${from}`);
    const file = await open(partial, "a");
    let size = from;
    try {
      for await (const part of response.body as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(silent(silenceMs)), silenceMs);
        size += part.length;
        if (size > limit) throw wrong(url, `it is longer than ${limit} bytes`);
        await file.appendFile(part);
        await check.update(part);
      }
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Fetches one file over HTTP. What was cut is continued, in this call and in later ones, from where it ended.
 * @returns when `partial` is the whole file and passed its check
 * @throws TouchstoneError `DOWNLOAD_WRONG` where the bytes are others or too many (nothing is kept then), `DOWNLOAD_FAILED`
 * (retryable) where the source does not give them (what came is kept)
 */
export async function download(url: URL, options: DownloadOptions): Promise<void> {
  const { partial, limit } = options;
  mkdirSync(dirname(partial), { recursive: true });
  let [fruitless, restarts] = [0, 0];
  for (;;) {
    const before = sizeOf(partial);
    const check = options.check();
    try {
      if (before > limit) throw wrong(url, `it is longer than ${limit} bytes`);
      if (before > 0) for await (const part of createReadStream(partial)) await check.update(part as Uint8Array);
      await fetchFrom(url, before, { ...options, check });
      const complaint = await check.end();
      if (complaint === undefined) return;
      // What was kept of an earlier try may be at fault: only a whole answer convicts its source.
      if (before === 0) throw wrong(url, complaint);
      throw new TouchstoneError("DOWNLOAD_RESTART", `what was kept is of another file: ${complaint}`);
    } catch (thrown) {
      const code = thrown instanceof TouchstoneError ? thrown.code : undefined;
      if (code === "DOWNLOAD_WRONG") {
        rmSync(partial, { force: true });
        throw thrown;
      }
      if (code === "DOWNLOAD_REFUSED") throw failed(url, thrown);
      // The source can't continue what was kept: from the start, then.
      if (code === "DOWNLOAD_RESTART") {
        rmSync(partial, { force: true });
        restarts++;
      } else fruitless = sizeOf(partial) > before ? 0 : fruitless + 1;
      if (fruitless >= MOST || restarts >= MOST) throw failed(url, thrown);
    }
  }
}
