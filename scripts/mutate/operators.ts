import { isNode, type Span, spanOf, type SyntaxNode } from "./syntax.js";

/** Kinds of faults, each a stratum of the sample. */
export type Kind = "arithmetic" | "comparison" | "boundary" | "boolean" | "guard" | "constant" | "arguments";

/** One edit of a source, in bytes. */
export interface Edit extends Span {
  readonly kind: Kind;
  readonly replacement: string;
}

const ARITHMETIC: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "**": "*",
  "<<": ">>",
  ">>": "<<",
  "&": "|",
  "|": "&",
  "^": "&",
};
const COMPARISON: Readonly<Record<string, string>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};
const BOUNDARY: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const BOOLEAN: Readonly<Record<string, string>> = { "&&": "||", "||": "&&" };
const UNARY: Readonly<Record<string, readonly [Kind, string]>> = {
  "!": ["boolean", ""],
  "-": ["arithmetic", ""],
  "~": ["arithmetic", ""],
  "++": ["arithmetic", "--"],
  "--": ["arithmetic", "++"],
};
/** In assembly operators are functions. */
const YUL: Readonly<Record<string, readonly [Kind, string]>> = {
  add: ["arithmetic", "sub"],
  sub: ["arithmetic", "add"],
  mul: ["arithmetic", "div"],
  div: ["arithmetic", "mul"],
  and: ["arithmetic", "or"],
  or: ["arithmetic", "and"],
  shl: ["arithmetic", "shr"],
  shr: ["arithmetic", "shl"],
  lt: ["comparison", "gt"],
  gt: ["comparison", "lt"],
};

/** The faults that can be put at one node of a syntax tree. */
export function editsAt(node: SyntaxNode, source: Buffer): Edit[] {
  switch (node.nodeType) {
    case "BinaryOperation":
      return operatorEdits(node, "leftExpression", "rightExpression", source);
    case "Assignment":
      return operatorEdits(node, "leftHandSide", "rightHandSide", source);
    case "UnaryOperation":
      return unaryEdits(node);
    case "YulFunctionCall": {
      const name = node["functionName"] as SyntaxNode;
      const swap = YUL[String(name["name"])];
      return swap === undefined ? [] : [{ ...spanOf(name), kind: swap[0], replacement: swap[1] }];
    }
    case "IfStatement":
    case "ExpressionStatement":
    case "RevertStatement":
      return isGuard(node) ? [{ ...statementSpan(node, source), kind: "guard", replacement: "{}" }] : [];
    case "ModifierInvocation":
      return node["kind"] === "modifierInvocation" ? [{ ...spanOf(node), kind: "guard", replacement: "" }] : [];
    case "Literal":
      return constantEdits(node, source);
    case "FunctionCall":
      return argumentEdits(node, source);
    default:
      return [];
  }
}

/** solc's span of a statement ends before its semicolon, and Solidity has no empty statement. */
function statementSpan(node: SyntaxNode, source: Buffer): Span {
  const { start, end } = spanOf(node);
  return { start, end: source[end] === ";".charCodeAt(0) ? end + 1 : end };
}

/** A statement that only refuses: `if (...) revert E();`, `require(...);`, `revert E();`. */
function isGuard(node: SyntaxNode): boolean {
  if (node.nodeType === "RevertStatement") return true;
  if (node.nodeType === "ExpressionStatement") {
    const called = (node["expression"] as SyntaxNode)["expression"];
    return isNode(called) && (called["name"] === "require" || called["name"] === "revert");
  }
  return !isNode(node["falseBody"]) && guardedRevert(node) !== undefined;
}

/** The refusal that is all of a guard's body: taking it out is the same fault as taking the guard out. */
export function guardedRevert(node: SyntaxNode): SyntaxNode | undefined {
  if (node.nodeType !== "IfStatement" || isNode(node["falseBody"])) return undefined;
  const body = node["trueBody"] as SyntaxNode;
  const statements = body.nodeType === "Block" ? (body["statements"] as SyntaxNode[]) : [body];
  return statements.length === 1 && statements[0]!.nodeType === "RevertStatement" ? statements[0] : undefined;
}

function operatorEdits(node: SyntaxNode, left: string, right: string, source: Buffer): Edit[] {
  const operator = String(node["operator"]);
  const assigns = node.nodeType === "Assignment";
  const from = spanOf(node[left] as SyntaxNode).end;
  const between = source.subarray(from, spanOf(node[right] as SyntaxNode).start).toString("latin1");
  const code = between.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => " ".repeat(comment.length));
  const start = from + code.indexOf(operator);
  const edit = (kind: Kind, replacement: string | undefined): Edit[] =>
    replacement === undefined ? [] : [{ start, end: start + operator.length, kind, replacement }];
  if (assigns) {
    const swap = ARITHMETIC[operator.slice(0, -1)];
    return edit("arithmetic", swap === undefined ? undefined : `${swap}=`);
  }
  return [
    ...edit("arithmetic", ARITHMETIC[operator]),
    ...edit("comparison", COMPARISON[operator]),
    ...edit("boundary", BOUNDARY[operator]),
    ...edit("boolean", BOOLEAN[operator]),
  ];
}

function unaryEdits(node: SyntaxNode): Edit[] {
  const operator = String(node["operator"]);
  const swap = UNARY[operator];
  if (swap === undefined) return [];
  const { start, end } = spanOf(node);
  const at = node["prefix"] === true ? start : end - operator.length;
  return [{ start: at, end: at + operator.length, kind: swap[0], replacement: swap[1] }];
}

/** A number one higher and, where there is one, one lower. */
function constantEdits(node: SyntaxNode, source: Buffer): Edit[] {
  if (node["kind"] !== "number" || typeOf(node).startsWith("address")) return [];
  const { start, end } = spanOf(node);
  const text = source.subarray(start, end).toString("latin1");
  const isZero = /^(0x)?0*( |$)/.test(text);
  return [1, -1]
    .filter((step) => step > 0 || !isZero)
    .map((step) => ({ start, end, kind: "constant", replacement: `(${text} ${step > 0 ? "+" : "-"} 1)` }));
}

/** Neighbours of one type, exchanged. */
function argumentEdits(node: SyntaxNode, source: Buffer): Edit[] {
  if (node["kind"] === "typeConversion") return [];
  const given = node["arguments"] as SyntaxNode[];
  const text = ({ start, end }: Span) => source.subarray(start, end).toString("utf8");
  return given.slice(1).flatMap((second, i) => {
    const [a, b] = [spanOf(given[i]!), spanOf(second)];
    if (typeOf(given[i]!) !== typeOf(second) || text(a) === text(b)) return [];
    const replacement = text(b) + text({ start: a.end, end: b.start }) + text(a);
    return [{ start: a.start, end: b.end, kind: "arguments" as const, replacement }];
  });
}

/** A type without where its value lies; all plain numbers are of one. */
function typeOf(node: SyntaxNode): string {
  const { typeString } = node["typeDescriptions"] as { typeString?: string };
  return (typeString ?? "").replace(/ (memory|calldata|storage.*)$/, "").replace(/^int_const .*/, "int_const");
}
