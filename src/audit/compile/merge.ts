import { isView, type RawNode, type RawOperand } from "./raw.js";

/**
 * Joins neighbouring dimensions that every operand steps through like through one, and drops those of extent 1: fewer
 * dimensions, the same elements. Ranks of `argkth` are counted in dimensions and stay.
 */
export function mergeDims(node: RawNode): void {
  if (node.what.kind === "reduce" && node.what.fn === "argkth") return;
  const views = [...node.operands, ...node.steps.flatMap((step) => step.operands)].filter(isView);
  const forms = (): number[][] => views.flatMap((view) => [view.coef, ...view.guards.map((guard) => guard.coef)]);
  const extents = [...node.out, ...node.red];
  let outRank = node.out.length;
  const remove = (d: number): void => {
    extents.splice(d, 1);
    for (const form of forms()) form.splice(d, 1);
    if (d < outRank) outRank--;
  };
  for (let d = extents.length - 1; d >= 0; d--) {
    if (extents[d] === 1) remove(d);
    else if (d + 1 < extents.length && d + 1 !== outRank) {
      const inner = extents[d + 1]!;
      if (!forms().every((form) => form[d] === form[d + 1]! * inner)) continue;
      extents[d + 1] = inner * extents[d]!;
      remove(d);
    }
  }
  node.out = extents.slice(0, outRank);
  node.red = extents.slice(outRank);
}

/** A copy that shares no arrays, so that a pass may rewrite it. */
export function cloneOperand(operand: RawOperand): RawOperand {
  if (!isView(operand)) return { ...operand };
  return {
    ...operand,
    coef: [...operand.coef],
    guards: operand.guards.map((guard) => ({ ...guard, coef: [...guard.coef] })),
  };
}
