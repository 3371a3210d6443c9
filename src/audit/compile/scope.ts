import { inconsistent } from "./errors.js";
import type { Value } from "./value.js";

/** Names of one graph body; a subgraph sees those of the graphs around it. */
export interface Scope {
  get(name: string): Value;
  set(name: string, value: Value): void;
}

export function createScope(parent?: Scope): Scope {
  const values = new Map<string, Value>();
  return {
    get(name) {
      const value = values.get(name) ?? parent?.get(name);
      if (!value) throw inconsistent(`"${name}" is used before it is computed`);
      return value;
    },
    set: (name, value) => values.set(name, value),
  };
}
