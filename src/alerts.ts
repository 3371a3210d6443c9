import { messageOf } from "./errors.js";

/** Something that a person should know now. */
export interface Alert {
  readonly role: string;
  readonly event: string;
  readonly message: string;
  readonly at: string;
  readonly [detail: string]: unknown;
}

/** Events below the level of errors that are worth a message; every error is. */
const EVENTS: ReadonlySet<string> = new Set([
  "suspect",
  "opened",
  "committed",
  "executed",
  "refuted",
  "replacing",
  "rpc-fault",
]);
const ERROR_LEVEL = 50;
/** Fields that say what a line is about. */
const ABOUT = ["challengeId", "claimId", "endpoint", "contentId", "code"];
/** The same about the same is said once in this time. */
const QUIET_MS = 600_000;
/** Alerts that wait for a sink that is away; older ones are let go of. */
const MOST_WAITING = 100;
const TRIES = 4;

export interface AlertOptions {
  readonly url: URL;
  readonly role: string;
  readonly post: (url: URL, body: string) => Promise<void>;
  /** Told that an alert could not be delivered. */
  readonly onFailure: (message: string) => void;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Posts log lines that matter to a webhook, one after the other, each as one JSON object. */
export function createAlerts({ url, role, post, onFailure, now, pause }: AlertOptions) {
  const said = new Map<string, number>();
  const waiting: Alert[] = [];
  let isSending = false;

  async function drain(): Promise<void> {
    if (isSending) return;
    isSending = true;
    for (let alert = waiting.shift(); alert !== undefined; alert = waiting.shift()) {
      for (let tries = 1; ; tries++) {
        try {
          await post(
            url,
            JSON.stringify(alert, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value)),
          );
          break;
        } catch (thrown) {
          if (tries === TRIES) {
            onFailure(messageOf(thrown));
            break;
          }
          await pause(1_000 * 2 ** tries);
        }
      }
    }
    isSending = false;
  }

  return {
    /** Looks at one log line. */
    see: (level: number, line: Readonly<Record<string, unknown>>, message: string): void => {
      const event = typeof line["event"] === "string" ? line["event"] : "error";
      if (level < ERROR_LEVEL && !EVENTS.has(event)) return;
      const about = ABOUT.map((name) => line[name]).find((value) => typeof value === "string") ?? "";
      const key = `${event} ${about}`;
      const at = now();
      if (at - (said.get(key) ?? -Infinity) < QUIET_MS) return;
      // In the order of their times, so that the memory is of the last minutes alone.
      said.delete(key);
      said.set(key, at);
      for (const [old, when] of said) {
        if (at - when < QUIET_MS) break;
        said.delete(old);
      }
      const { err, ...rest } = line;
      const detail = err === undefined ? rest : { ...rest, error: messageOf(err) };
      waiting.push({ ...detail, role, event, message, at: new Date(at).toISOString() });
      if (waiting.length > MOST_WAITING) waiting.shift();
      void drain();
    },
  };
}
