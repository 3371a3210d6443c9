import { writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";

import type { Command } from "commander";

import { compile } from "../../audit/compile.js";
import type { CompileReport } from "../../audit/compile/report.js";
import type { AuditGraph, Tensor } from "../../audit/graph.js";
import { listingRows, type ListedNode, listNodes } from "../../inspect/listing.js";
import { bytesText, pictureOf, shapeText } from "../../inspect/picture.js";
import { drawSvg } from "../../inspect/svg.js";
import { externalDataIn } from "../../models/external-data.js";
import { printable } from "../../printable.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { unwritable } from "../output.js";
import { byName, type Named, named, shape } from "../parse.js";
import { readFile, readTensorFile } from "../tensors.js";

interface InspectFlags {
  readonly shape: Named<number[]>[];
  readonly bind: Named<Tensor>[];
  readonly svg?: string;
}

/** Everything about a compiled model that does not depend on its inputs' values. */
interface Inspection {
  readonly nodes: number;
  readonly multiplyAdds: number;
  readonly traceBytes: number;
  readonly weightBytes: number;
  /** ONNX nodes by operator. */
  readonly operators: Readonly<Record<string, number>>;
  readonly inputs: readonly { name: string; dtype: string; shape: readonly number[] }[];
  readonly outputs: readonly { name: string; dtype: string; shape: readonly number[]; node: number; exact: boolean }[];
  readonly discontinuities: readonly { label: string; fn: string; noisy: boolean; outputs: readonly string[] }[];
  readonly exactOutputs: readonly string[];
  /** Inputs for which native runtimes differ or stop. */
  readonly caveats: CompileReport["caveats"];
  /** The most expensive element of all. */
  readonly worst: { readonly node: number; readonly label: string; readonly bytes: number; readonly gas: number };
  readonly graph: readonly ListedNode[];
}

function inspect(graph: AuditGraph, report: CompileReport): Inspection {
  const { nodes, multiplyAdds, traceBytes, weightBytes, operators, discontinuities, exactOutputs, caveats, worst } =
    report;
  const exact = new Set(exactOutputs);
  return {
    nodes,
    multiplyAdds,
    traceBytes,
    weightBytes,
    operators,
    inputs: graph.inputs.map(({ name, dtype, shape: extents }) => ({ name, dtype, shape: extents })),
    outputs: graph.outputs.map(({ name, dtype, shape: extents, node }) => {
      return { name, dtype, shape: extents, node, exact: exact.has(name) };
    }),
    discontinuities: discontinuities.map(({ label, fn, noisy, outputs }) => ({
      label,
      fn,
      noisy,
      outputs: outputs.map((i) => graph.outputs[i]?.name ?? `output ${i}`),
    })),
    exactOutputs,
    caveats,
    worst: { ...worst, label: graph.nodes[worst.node]?.label ?? "" },
    graph: listNodes(graph, report),
  };
}

const count = (n: number): string => n.toLocaleString("en");

/** One sentence for each function that jumps: there may be as many jumps as nodes. */
function jumpTexts(jumps: Inspection["discontinuities"]): string[] {
  const alike = new Map<string, Inspection["discontinuities"][number][]>();
  for (const jump of jumps) {
    const key = `${jump.fn} of ${jump.noisy ? "rounded" : "exact"} values`;
    alike.set(key, [...(alike.get(key) ?? []), jump]);
  }
  return [...alike].map(([what, [first, ...others]]) => {
    const where = `${first?.label ?? ""}${others.length === 0 ? "" : ` and ${others.length} more`}`;
    const outputs = new Set([first, ...others].flatMap((jump) => jump?.outputs ?? []));
    return `${what}, reaching ${[...outputs].join(", ")}: ${where}`;
  });
}

function caveatTexts(caveats: Inspection["caveats"]): string[] {
  const labels = new Map<string, string[]>();
  for (const { reason, label } of caveats) labels.set(reason, [...(labels.get(reason) ?? []), label]);
  return [...labels].map(([reason, [first = "", ...others]]) => {
    return `${first}${others.length === 0 ? "" : ` and ${others.length} more`}: ${reason}`;
  });
}

function render(file: string, inspection: Inspection): string {
  const { operators, worst } = inspection;
  const used = Object.entries(operators).map(([operator, n]) => (n === 1 ? operator : `${n} ${operator}`));
  const jumps = jumpTexts(inspection.discontinuities);
  const tensor = (each: { name: string; dtype: string; shape: readonly number[] }): string =>
    `${each.name}: ${each.dtype} ${shapeText(each.shape)}`;
  const rows: [string, string][] = [
    ["model", file],
    ...inspection.inputs.map((input): [string, string] => ["input", tensor(input)]),
    ...inspection.outputs.map((output): [string, string] => [
      "output",
      `${tensor(output)}, node ${output.node}${output.exact ? ", must be exact" : ""}`,
    ]),
    ["nodes", count(inspection.nodes)],
    ["multiply-adds", count(inspection.multiplyAdds)],
    ["trace", `${count(inspection.traceBytes)} bytes`],
    ["weights", `${count(inspection.weightBytes)} bytes`],
    ["operators", used.join(", ")],
    ...(jumps.length > 0 ? jumps : ["none"]).map((jump): [string, string] => ["discontinuity", jump]),
    ...caveatTexts(inspection.caveats).map((caveat): [string, string] => ["caveat", caveat]),
    [
      "costliest proof",
      `node ${worst.node}, ${worst.label}: at most ${count(worst.bytes)} bytes, ${count(worst.gas)} gas`,
    ],
  ];
  const summary = table(rows.map(([name, value]) => [name, printable(value)]));
  return `${summary}\n\n${table(listingRows(inspection.graph))}`;
}

function writeSvg(path: string, svg: string): void {
  try {
    writeFileSync(path, svg);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

export function inspectCommand(model: Command, context: () => Context): void {
  model
    .command("inspect <onnx>")
    .description("what a model compiles to: its audit graph, and what proving its elements takes")
    .option("--shape <name=AxBxC>", "shape of an input that the file leaves open; repeatable", named(shape), [])
    .option("--bind <name=file.pb>", "fix an input's value; repeatable", named(readTensorFile), [])
    .option("--svg <file>", "draw the graph into this file")
    .addHelpText(
      "after",
      "\nEach line of the graph is a node. Letters number its dimensions, outputs | reductions, and brackets hold the number" +
        "\nof the element that is read there: w0[5a+b]. Where a condition in them fails, it reads what follows else." +
        "\n\nExample:\n  npx touchstone model inspect assets/models/mnist-8-cntk/model.onnx --svg digits.svg",
    )
    .action((file: string, flags: InspectFlags) => {
      const { graph, report } = compile(readFile(file), {
        shapes: byName(flags.shape),
        bound: byName(flags.bind),
        externalData: externalDataIn(dirname(file)),
      });
      const inspection = inspect(graph, report);
      const { nodes, multiplyAdds, traceBytes, weightBytes, worst } = report;
      if (flags.svg !== undefined) {
        const subtitle = [
          `${count(nodes)} nodes`,
          `${count(multiplyAdds)} multiply-adds`,
          `trace ${bytesText(traceBytes)}`,
          `weights ${bytesText(weightBytes)}`,
          `costliest proof ${bytesText(worst.bytes)}, ${count(worst.gas)} gas`,
        ].join(" · ");
        writeSvg(flags.svg, drawSvg(pictureOf(graph, report), { title: basename(file), subtitle }));
      }
      const result = flags.svg === undefined ? inspection : { ...inspection, svg: flags.svg };
      context().io.result(result, () => render(file, inspection));
    });
}
