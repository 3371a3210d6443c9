import { floatTensor, graphOf, input, view, weight } from "../support/graph-parts.js";
import type { ReduceNode } from "../../src/audit/graph.js";
import { connect } from "../support/protocol.js";
import { accuseReal, answerReal, deployReal, withOutput } from "../support/real-disputes.js";
import { alterElement, bitsAt, caseOf, runGraph } from "../support/runs.js";
describe("probe", () => {
  it("x", async () => {
    const COLUMNS = 100, terms = 1024;
    const node: ReduceNode = { kind: "reduce", fn: "dot", dtype: "f32", out: [COLUMNS], red: [terms], steps: [], label: "dense",
      operands: [view(input(0), terms, [0, 1]), view(weight(0), COLUMNS * terms, [terms, 1]), view(weight(1), COLUMNS, [1, 0])] };
    const x = floatTensor([terms], 1);
    const truth = runGraph(withOutput(graphOf([node], [x], [floatTensor([COLUMNS, terms], 2), floatTensor([COLUMNS], 3)])), [x]);
    const chain = await connect();
    const suite = await deployReal(chain, truth);
    const claimId = await answerReal(chain, suite, truth);
    const trace = alterElement(truth, 0, 57, bitsAt(truth, 0, 57) ^ 0x10000n);
    const opened = await accuseReal(chain, suite, { claimId, answered: truth, trace, element: 57 });
    const { evidence, facts } = caseOf(trace, 0, 57);
    const asStranger = suite.manager.connect(chain.stranger);
    const data = asStranger.interface.encodeFunctionData("refute", [opened, evidence]);
    const bytes = Buffer.from(data.slice(2), "hex");
    const zeros = bytes.filter((b) => b === 0).length;
    const tokens = zeros + 4 * (bytes.length - zeros);
    console.log("calldata", bytes.length, "zeros", zeros, "floor", 21000 + 10 * tokens, "standard", 21000 + 4 * tokens);
    const c = await suite.manager.challenge(opened);
    console.log("arbiter.check tx", await suite.arbiter.check.estimateGas(facts, evidence));
    console.log("verifier.check tx", await suite.verifier.check.estimateGas(c.modelId, c.inputsRoot, c.traceRoot, false, evidence));
    const r = await (await asStranger.refute(opened, evidence)).wait();
    console.log("refute", r!.gasUsed);
    const trace_ = await chain.ethers.provider.send("debug_traceTransaction", [r!.hash, { disableMemory: true, disableStack: false, disableStorage: true }]);
    const frames: { start: number; pc: number; op: string }[] = [];
    const byOp = new Map<string, number>();
    let prev: { depth: number; gas: number; op: string; gasCost: number } | undefined;
    const logs = trace_.structLogs as { depth: number; gas: number; gasCost: number; op: string; stack: string[] }[];
    for (const l of logs) {
      if (prev && l.depth > prev.depth) { frames.push({ start: l.gas, pc: 0, op: prev.op + " to " + (callTarget ?? "") }); }
      if (prev && l.depth < prev.depth) { const f = frames.pop()!; console.log("depth", prev.depth, f.op, f.start - prev.gas + prev.gasCost); }
      if (["SSTORE", "SLOAD", "LOG1","LOG2", "LOG3", "LOG4", "CALLDATACOPY", "MCOPY", "KECCAK256"].includes(l.op)) byOp.set(`${l.depth} ${l.op}`, (byOp.get(`${l.depth} ${l.op}`) ?? 0) + l.gasCost);
      if (/CALL$/.test(l.op)) var callTarget = l.stack.at(-2);
      prev = l;
    }
    console.log("top frame", logs[0]!.gas - prev!.gas, [...byOp].sort());
  });
});
