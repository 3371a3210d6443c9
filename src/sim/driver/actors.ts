import { id, toBeHex, Wallet, type JsonRpcProvider } from "ethers";

/** Native coin that every actor of a local chain starts with. */
export const START_BALANCE = 1_000n * 10n ** 18n;

/** One key of a simulation. */
export interface Actor {
  readonly name: string;
  readonly address: string;
  readonly privateKey: string;
}

/** Keys of a local chain, derived from the seed: the same names have the same addresses in every run. */
export interface Actors {
  /** The key of this name, funded when first asked for. */
  get(name: string): Promise<Actor>;
  nameOf(address: string): string | undefined;
  /** Names an account that has a key of its own already. */
  introduce(name: string, address: string): void;
  /** Everybody who was asked for so far. */
  all(): Promise<Actor[]>;
}

export function createActors(provider: JsonRpcProvider, seed: number): Actors {
  const actors = new Map<string, Promise<Actor>>();
  const names = new Map<string, string>();
  async function make(name: string): Promise<Actor> {
    const { address, privateKey } = new Wallet(id(`touchstone simulation ${seed} ${name}`));
    names.set(address, name);
    await provider.send("hardhat_setBalance", [address, toBeHex(START_BALANCE)]);
    return { name, address, privateKey };
  }
  return {
    get: (name) => {
      const known = actors.get(name) ?? make(name);
      actors.set(name, known);
      return known;
    },
    nameOf: (address) => names.get(address),
    introduce: (name, address) => void names.set(address, name),
    all: () => Promise.all(actors.values()),
  };
}
