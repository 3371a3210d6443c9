import type { Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { areAlike, stack, unstack } from "./rows.js";
import type { Runtime } from "./runtime.js";

type Inputs = readonly Tensor[];

/** Several sessions of one model. A request that finds all of them busy waits, and runs together with others that wait. */
export interface Sessions extends Runtime {
  /** Most requests in one run. */
  readonly batch: number;
  /** Answers these requests by one run; it fails as a whole. */
  together(requests: readonly Inputs[]): Promise<Tensor[][]>;
}

export interface SessionsOptions {
  readonly sessions: number;
  /** Most requests in one run; more than 1 only for a model whose rows are independent (`src/audit/rows.ts`). */
  readonly batch: number;
}

/** Requests that wait: one, or several that were asked together. */
interface Work {
  readonly requests: readonly Inputs[];
  readonly resolve: (answers: Tensor[][]) => void;
  readonly reject: (reason: unknown) => void;
}

async function runTogether(session: Runtime, requests: readonly Inputs[]): Promise<Tensor[][]> {
  if (requests.length === 1) return [await session.run(requests[0]!)];
  return unstack(await session.run(stack(requests)), requests.length);
}

/** Gives each its own answer: where a run of several fails, one of them may be at fault, and each is asked alone. */
async function settle(session: Runtime, works: readonly Work[]): Promise<void> {
  if (works.length > 1) {
    try {
      const answers = await runTogether(
        session,
        works.map(({ requests }) => requests[0]!),
      );
      works.forEach(({ resolve }, i) => resolve([answers[i]!]));
      return;
    } catch {
      // Each alone, below.
    }
  }
  for (const { requests, resolve, reject } of works) await runTogether(session, requests).then(resolve, reject);
}

async function openAll(open: () => Promise<Runtime>, count: number): Promise<Runtime[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, open));
  const sessions = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed = opened.find((each) => each.status === "rejected");
  if (failed === undefined) return sessions;
  await Promise.all(sessions.map((session) => session.release()));
  throw failed.reason;
}

/**
 * Opens the sessions. No request waits for others to come: an idle session starts at once with what there is.
 *
 * @param open opens one of them
 * @throws what `open` throws.
 */
export async function createSessions(open: () => Promise<Runtime>, options: SessionsOptions): Promise<Sessions> {
  const { batch } = options;
  const all = await openAll(open, options.sessions);
  const idle = [...all];
  const waiting: Work[] = [];
  const running = new Set<Promise<void>>();
  let isReleased = false;

  /** The oldest request, with others that may run with it. */
  function take(): Work[] {
    const works = waiting.splice(0, 1);
    const [first] = works[0]!.requests;
    const joins = (next: Work | undefined): boolean =>
      next?.requests.length === 1 && areAlike(first!, next.requests[0]!);
    if (works[0]!.requests.length > 1) return works;
    while (works.length < batch && joins(waiting[0])) works.push(waiting.shift()!);
    return works;
  }

  function start(): void {
    while (waiting.length > 0) {
      const session = idle.pop();
      if (session === undefined) return;
      const run = settle(session, take()).then(() => {
        running.delete(run);
        idle.push(session);
        start();
      });
      running.add(run);
    }
  }

  function ask(requests: readonly Inputs[]): Promise<Tensor[][]> {
    return new Promise((resolve, reject) => {
      if (isReleased) {
        reject(new TouchstoneError("RUNTIME_RELEASED", "The model's sessions are closed."));
        return;
      }
      waiting.push({ requests, resolve, reject });
      start();
    });
  }

  return {
    batch,
    label: `${all[0]!.label}${all.length > 1 ? ` sessions=${all.length}` : ""}${batch > 1 ? ` batch=${batch}` : ""}`,
    run: async (inputs) => (await ask([inputs]))[0]!,
    together: ask,
    release: async () => {
      isReleased = true;
      // What waits is answered before.
      while (running.size > 0) await Promise.all(running);
      await Promise.all(all.map((session) => session.release()));
    },
  };
}
