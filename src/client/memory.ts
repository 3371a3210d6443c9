import type { Collection } from "../store/state.js";
import type { ClientState } from "./infer.js";

/** A client's memory for browsers and tests: gone with the page. What vouchers promised should outlive it: keep `entries`. */
export function createMemory(): ClientState {
  const collections = new Map<string, Map<string, unknown>>();
  return {
    collection: <T>(name: string): Collection<T> => {
      const records = (collections.get(name) ?? new Map<string, unknown>()) as Map<string, T>;
      collections.set(name, records);
      const entries = () => [...records].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }));
      return {
        get: (key) => records.get(key),
        put: (key, value) => void records.set(key, value),
        delete: (key) => void records.delete(key),
        entries,
        after: (after, count) =>
          entries()
            .filter(({ key }) => key > after)
            .slice(0, count),
      };
    },
  };
}
