import { nameOf } from "../dispute/protocol.js";

/** `Lot` of `contracts/types/Audit.sol`. */
export const Lot = { None: 0, Pending: 1, Blank: 2, Drawn: 3, Lapsed: 4, Audited: 5 } as const;

/** `SeatStatus` of `contracts/types/Audit.sol`. */
export const SeatStatus = { None: 0, Picked: 1, Committed: 2, Paid: 3, Released: 4, Missed: 5, Slashed: 6 } as const;

export const seatStatusName = (code: number): string => nameOf(SeatStatus, code);
