import type { ContractName, Party, World } from "./world.js";

/** A call that would succeed, made by the first party of those who may. */
export interface Ready {
  readonly args: readonly unknown[];
  readonly value?: bigint;
  /** Where not the deployed contract of the suite is called. */
  readonly target?: string;
  /** An account that is no party of the matrix. */
  readonly by?: string;
  readonly edge?: Edge;
}

/** A deadline that the call stands under, in chain time. The scene leaves the chain at an earlier time. */
export interface Edge {
  readonly at: bigint | number;
  /** `until`: taken at that second, and refused after it. `after`: refused at that second. `from`: taken at that second. */
  readonly kind: "until" | "after" | "from";
  /** Error on the side where it is refused. */
  readonly error: string;
}

/** One function that changes state: what is promised of it, and a state in which it can be called. */
export interface EntryPoint {
  readonly contract: ContractName;
  readonly name: string;
  /** For people. */
  readonly who: string;
  /** Who of all parties succeeds with the scene's call; the others get `refusal`. */
  readonly may: readonly Party[] | "anybody";
  readonly refusal?: string;
  /** Where some of them get another. */
  readonly refusals?: Readonly<Partial<Record<Party, string>>>;
  /** In a pause: `works`, `stands` (refused with `Paused`), or `only` then. */
  readonly pause: "works" | "stands" | "only";
  /** Contracts whose reentrancy guards it takes: it is refused while any other call holds one of them. */
  readonly guards?: readonly ContractName[];
  /** For people: the edges, where there are any. */
  readonly deadline?: string;
  /** Refused to everybody whenever it is called from outside. */
  readonly never?: boolean;
  readonly scene: (world: World) => Ready | Promise<Ready>;
  /** Other deadlines of the call: scenes of their own. */
  readonly others?: readonly ((world: World) => Ready | Promise<Ready>)[];
}

/** Rows of one contract. */
export const rowsOf =
  (contract: ContractName) =>
  (name: string, row: Omit<EntryPoint, "contract" | "name">): EntryPoint => ({ contract, name, ...row });
