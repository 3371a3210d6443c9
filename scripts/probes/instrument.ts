import { posix } from "node:path";

import { isNode, type Span, spanOf, type SyntaxNode, walk } from "../mutate/syntax.js";

/** Where the probe lies in the copy of the tree. */
export const PROBE = "contracts/CoverageProbe.sol";

/** What EDR calls a hit: a call to this address with a number. It looks pure, so that probes may stand anywhere. */
export const PROBE_SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

library CoverageProbe {
    function hit(uint256 id) internal pure {
        _asPure(_send)(id);
    }

    function yes(uint256 id) internal pure returns (bool) {
        _asPure(_send)(id);
        return true;
    }

    function no(uint256 id) internal pure returns (bool) {
        _asPure(_send)(id);
        return false;
    }

    function _send(uint256 id) private view {
        assembly ("memory-safe") {
            mstore(0, id)
            pop(staticcall(gas(), 0xc0bEc0BEc0BeC0bEC0beC0bEC0bEC0beC0beC0BE, 0, 32, 0, 0))
        }
    }

    function _asPure(function(uint256) internal view given) private pure returns (function(uint256) internal pure same) {
        assembly ("memory-safe") {
            same := given
        }
    }
}
`;

/** Something that tests reach or not. */
export interface Point extends Span {
  readonly kind: "statement" | "branch";
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Of a branch: the outcome of its condition. */
  readonly outcome?: boolean;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
  /** What closes at a place comes before what opens there. */
  readonly closes?: true;
  /** Of others at one place the lower comes first. */
  readonly rank: number;
}

/**
 * A source with probes: before every statement, and around every condition and every side of `&&` and `||`. No line moves. Assembly is a
 * statement like others; what happens in it is not seen.
 * @param points All points so far; those of this source are added. Their index is their probe's number.
 */
export function instrument(file: string, source: Buffer, tree: SyntaxNode, points: Point[]): Buffer {
  const insertions: Insertion[] = [];
  const lineOf = (at: number) => source.subarray(0, at).toString("latin1").split("\n").length;
  const textOf = ({ start, end }: Span) => source.subarray(start, end).toString("utf8").replace(/\s+/g, " ");
  const add = (kind: Point["kind"], span: Span, outcome?: boolean) =>
    points.push({
      ...{ kind, file, start: span.start, end: span.end },
      line: lineOf(span.start),
      text: textOf(span),
      ...(outcome === undefined ? {} : { outcome }),
    }) - 1;

  for (const { node, bare } of statementsOf(tree)) {
    const span = spanOf(node);
    const end = source[span.end] === ";".charCodeAt(0) ? span.end + 1 : span.end;
    const hit = `CoverageProbe.hit(${add("statement", span)});`;
    insertions.push({ at: span.start, text: bare ? `{${hit}` : hit, rank: -1e9 });
    if (bare) insertions.push({ at: end, text: "}", closes: true, rank: 1e9 - span.start });
  }
  for (const node of conditionsOf(tree)) {
    const span = spanOf(node);
    const id = add("branch", span, true);
    add("branch", span, false);
    // A choice, not a call around the condition: that would lie below its operands on the stack, and some are too deep then.
    // Of conditions that begin together the longest opens first, and closes last.
    insertions.push({ at: span.start, text: "((", rank: -(span.end - span.start) });
    const [yes, no] = [`CoverageProbe.yes(${id})`, `CoverageProbe.no(${id + 1})`];
    insertions.push({ at: span.end, text: `) ? ${yes} : ${no})`, closes: true, rank: span.end - span.start });
  }
  if (insertions.length === 0) return source;
  const path = posix.relative(posix.dirname(file), PROBE);
  const pragma = [...walk(tree)].find(({ nodeType }) => nodeType === "PragmaDirective")!;
  insertions.push({
    at: spanOf(pragma).end,
    text: ` import { CoverageProbe } from "${path.startsWith(".") ? path : `./${path}`}";`,
    rank: 0,
  });
  return apply(source, insertions);
}

function apply(source: Buffer, insertions: readonly Insertion[]): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  const order = (a: Insertion, b: Insertion) =>
    a.at - b.at || Number(b.closes ?? false) - Number(a.closes ?? false) || a.rank - b.rank;
  for (const { at, text } of insertions.toSorted(order)) {
    parts.push(source.subarray(from, at), Buffer.from(text));
    from = at;
  }
  return Buffer.concat([...parts, source.subarray(from)]);
}

/** Statements of blocks, and bare ones below `if`, `else` and loops. */
function* statementsOf(tree: SyntaxNode): Generator<{ node: SyntaxNode; bare: boolean }> {
  for (const node of walk(tree)) {
    if (node.nodeType === "Block" || node.nodeType === "UncheckedBlock") {
      for (const each of node["statements"] as SyntaxNode[]) if (!isBlock(each)) yield { node: each, bare: false };
    }
    for (const key of ["trueBody", "falseBody", "body"]) {
      const body = node[key];
      if (isNode(body) && !isBlock(body) && isStatement(node)) yield { node: body, bare: true };
    }
  }
}

const isBlock = ({ nodeType }: SyntaxNode) => nodeType === "Block" || nodeType === "UncheckedBlock";
const isStatement = ({ nodeType }: SyntaxNode) => /^(If|For|While|DoWhile)Statement$/.test(nodeType);

function conditionsOf(tree: SyntaxNode): SyntaxNode[] {
  const found = new Map<string, SyntaxNode>();
  const add = (node: unknown) => {
    if (isNode(node)) found.set(node.src, node);
  };
  for (const node of walk(tree)) {
    if (isStatement(node) || node.nodeType === "Conditional") add(node["condition"]);
    if (node.nodeType === "BinaryOperation" && /^(&&|\|\|)$/.test(String(node["operator"]))) {
      add(node["leftExpression"]);
      add(node["rightExpression"]);
    }
    if (node.nodeType === "FunctionCall" && (node["expression"] as SyntaxNode)["name"] === "require") {
      add((node["arguments"] as SyntaxNode[])[0]);
    }
  }
  return [...found.values()];
}
