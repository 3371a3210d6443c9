import { BOGUS_CHALLENGE, BOGUS_DEMANDS, LAST_BLOCK_FLOOD, OWN_PUPPET } from "./bonds.js";
import { COLLUSION, FEE_WASHING, SPAM, SPLITTING } from "./fees.js";
import type { Attack } from "./search.js";
import { RECEIPT_PRICE, SELF_CHALLENGE, SELF_SLASH, SELF_VOID, SLASH_DELEGATORS } from "./stakes.js";

/** Attacks whose profit a search looks for, by number. */
export const ATTACKS: readonly Attack[] = [
  ...[SELF_SLASH, SELF_CHALLENGE, BOGUS_DEMANDS, BOGUS_CHALLENGE, SPLITTING, SPAM, COLLUSION],
  ...[SLASH_DELEGATORS, LAST_BLOCK_FLOOD, FEE_WASHING, SELF_VOID, RECEIPT_PRICE, OWN_PUPPET],
];
