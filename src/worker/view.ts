import type { Suite } from "../chain/suite.js";
import { internalError } from "../errors.js";

type Said = Awaited<ReturnType<Suite["receipts"]["reservationOf"]>>;

/** What the contract says of a reservation, as far as a worker asks. */
export type Reservation = Pick<
  Said,
  "status" | "operator" | "payer" | "currency" | "start" | "end" | "collected" | "balance" | "thawing" | "version"
>;

/** A plain object: those of ethers look for a field by its name each time. */
const plain = ({ status, operator, payer, currency, start, end, collected, balance, thawing, version }: Said) => {
  return { status, operator, payer, currency, start, end, collected, balance, thawing, version };
};

/** The newest block and the protocol's time in it. */
export interface Moment {
  readonly block: number;
  /** Chain time, seconds. */
  readonly timestamp: number;
  /** Protocol time. */
  readonly time: bigint;
  /** The operator's key that was in office in that second: receipts that it issues then are good for ever. */
  readonly worker: string;
}

/**
 * What the chain said a moment ago: requests come faster than blocks. Nobody is refused by what is kept, because a refusal is
 * decided on a fresh look; and a payer that takes its deposit away needs longer than these seconds.
 */
export interface ChainView {
  moment(fresh?: boolean): Promise<Moment>;
  reservation(id: string, fresh: boolean): Promise<Reservation>;
}

/** Older than this a view is renewed beside the request that uses it. */
const RENEW_MS = 1_000;
/** Older than this it is not used. */
const KEEP_MS = 5_000;
/** Reservations that are looked at for requests at a time. */
const MOST = 10_000;

/** A value that is asked for once at a time and kept for a while. */
function kept<T>(ask: () => Promise<T>, now: () => number): (fresh?: boolean) => Promise<T> {
  let value: { readonly of: T; readonly at: number } | undefined;
  let asking: Promise<T> | undefined;
  const renew = (): Promise<T> => {
    asking ??= ask()
      .then((of) => {
        value = { of, at: now() };
        return of;
      })
      .finally(() => (asking = undefined));
    return asking;
  };
  return (fresh = false) => {
    const age = value === undefined ? Infinity : now() - value.at;
    if (fresh || value === undefined || age > KEEP_MS) return renew();
    // A failure shows when the value is too old to be used.
    if (age > RENEW_MS) renew().catch(() => undefined);
    return Promise.resolve(value.of);
  };
}

export function createChainView(
  suite: Suite,
  operator: string,
  now: () => number = () => performance.now(),
): ChainView {
  const moment = kept(async () => {
    const [head, time] = await Promise.all([suite.provider.getBlock("latest"), suite.hub.time()]);
    if (head === null) throw internalError("the node has no block");
    const worker = await suite.profiles.workerAt(operator, head.timestamp);
    return { block: head.number, timestamp: head.timestamp, time, worker };
  }, now);
  const reservations = new Map<string, (fresh?: boolean) => Promise<Reservation>>();
  return {
    moment: (fresh) => moment(fresh),
    reservation: (id, fresh) => {
      let of = reservations.get(id);
      if (of === undefined) {
        const oldest = reservations.keys().next().value;
        if (reservations.size >= MOST && oldest !== undefined) reservations.delete(oldest);
        of = kept(async () => plain(await suite.receipts.reservationOf(id)), now);
        reservations.set(id, of);
      }
      return of(fresh);
    },
  };
}
