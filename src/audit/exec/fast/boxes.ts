import type { Guard, View } from "../../graph.js";

/** Cuts a row-major space into boxes of consecutive elements: leading dimensions at one index, one in pieces, the rest whole. */
export interface Boxes {
  /** Dimensions to walk, by number: the leading ones, the cut one twice (start of the piece, position in it), the rest. */
  readonly dims: readonly number[];
  /** Extents along `dims`. */
  readonly extents: readonly number[];
  /** Of `dims`, how many leading ones are at one index in a box; those after it are walked. */
  readonly fixed: number;
  /** Elements of a box; all are of one size, so the last piece of a dimension may overlap the one before it. */
  readonly size: number;
  /** Calls back with the index in the fixed dimensions and the number of the box's first element. */
  forEach(visit: (index: readonly number[], first: number) => void): void;
}

/** Boxes of at most `target` elements (but at least one), over the dimensions of `extents`. */
export function cutIntoBoxes(extents: readonly number[], target: number): Boxes {
  let cut = extents.length - 1;
  let inner = 1;
  while (cut >= 0 && inner * extents[cut]! <= target) inner *= extents[cut--]!;
  const numbers = extents.map((_, d) => d);
  if (cut < 0) {
    return { dims: numbers, extents, fixed: 0, size: inner, forEach: (visit) => visit([], 0) };
  }
  const piece = Math.max(1, Math.floor(target / inner));
  const outer = extents.slice(0, cut);
  const cutExtent = extents[cut]!;
  return {
    dims: [...numbers.slice(0, cut + 1), ...numbers.slice(cut)],
    extents: [...outer, cutExtent, piece, ...extents.slice(cut + 1)],
    fixed: cut + 1,
    size: piece * inner,
    forEach: (visit) => {
      const outerCount = outer.reduce((n, extent) => n * extent, 1);
      const index = new Array<number>(cut + 1).fill(0);
      for (let at = 0; at < outerCount; at++) {
        for (let start = 0; start < cutExtent; start += piece) {
          index[cut] = Math.min(start, cutExtent - piece);
          visit(index, (at * cutExtent + index[cut]!) * inner);
        }
        for (let d = cut - 1; d >= 0 && ++index[d]! === outer[d]; d--) index[d] = 0;
      }
    },
  };
}

/** The view over other dimensions: dimension d of the new space moves along dimension `dims[d]` of the old one. */
export function alongDims(view: View, dims: readonly number[]): View {
  const along = (coef: readonly number[]): number[] => dims.map((d) => coef[d]!);
  const guards = view.guards.map((guard): Guard => ({ ...guard, coef: along(guard.coef) }));
  return { ...view, coef: along(view.coef), guards };
}
