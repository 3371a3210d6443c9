import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { compile } from "../../audit/compile.js";
import type { AuditGraph, DType, Tensor } from "../../audit/graph.js";
import { runtimeModelOf, withDomain } from "../../calibrate/draft.js";
import { TouchstoneError } from "../../errors.js";
import { faultsOf } from "../../faults.js";
import { readTensorProto } from "../../onnx/model.js";
import { readTensor } from "../../onnx/tensor.js";
import type { RuntimeModel } from "../../runtime/runtime.js";

const range = z.tuple([z.number(), z.number()]);
const count = z.number().int().positive();

const schema = z.array(
  z.strictObject({
    /** Also of the folder that holds it. */
    name: z.string(),
    /** Of each float input: what a publisher would allow. */
    domains: z.record(z.string(), range),
    shapes: z.record(z.string(), z.array(count)).default({}),
    /** Of a calibration: generated inputs of each kind, and rounds of its search. Fewer where the model is large. */
    perKind: count.default(100),
    rounds: count.default(300),
    /** Of the experiment: inputs that every runtime answers. */
    answers: count.default(1_000),
    /** A classifier: the first output holds one score for each class. */
    classes: z.literal("scores").optional(),
    /** Whether the data sets beside the file are real inputs; some come with random numbers. */
    realSets: z.boolean().default(false),
    /** How a digit with values in 0..1 becomes an input. */
    digits: z.strictObject({ scale: z.number(), offset: z.number() }).optional(),
  }),
);

export type StudyModel = z.infer<typeof schema>[number];

/** A model of a study, compiled, with the real inputs that come with it, if any do. */
export interface Subject {
  readonly settings: StudyModel;
  readonly bytes: Uint8Array;
  readonly graph: AuditGraph;
  readonly model: RuntimeModel;
  /** Names of outputs that depend on a jump of rounded values. */
  readonly jumps: readonly string[];
  readonly real: readonly (readonly Tensor[])[];
}

/** @throws TouchstoneError `STUDY_INVALID` naming each wrong field. */
export function parseStudy(text: string): StudyModel[] {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new TouchstoneError("STUDY_INVALID", `The list of models is wrong: ${faultsOf(parsed.error)}`);
}

function readInput(path: string): Tensor {
  const { dtype, shape, data } = readTensor(readTensorProto(readFileSync(path)));
  return { dtype: dtype as DType, shape, data: data };
}

/** Inputs of `test_data_set_k`, as far as they lie there. */
function realInputs(folder: string, inputs: number): Tensor[][] {
  const sets: Tensor[][] = [];
  for (let k = 0; ; k++) {
    const files = Array.from({ length: inputs }, (_, i) => join(folder, `test_data_set_${k}/input_${i}.pb`));
    if (!files.every((file) => existsSync(file))) return sets;
    sets.push(files.map(readInput));
  }
}

/** Reads a model of a study from its folder; undefined where it is not there. */
export function readSubject(folder: string, settings: StudyModel): Subject | undefined {
  const file = join(folder, settings.name, "model.onnx");
  if (!existsSync(file)) return undefined;
  const bytes = new Uint8Array(readFileSync(file));
  const { graph: compiled, report } = compile(bytes, { shapes: settings.shapes });
  const domains = Object.fromEntries(Object.entries(settings.domains).map(([name, [lo, hi]]) => [name, { lo, hi }]));
  const graph = { ...compiled, inputs: compiled.inputs.map((spec) => withDomain(spec, domains)) };
  const real = settings.realSets ? realInputs(join(folder, settings.name), graph.inputs.length) : [];
  return { settings, bytes, graph, model: runtimeModelOf(graph, bytes), jumps: report.exactOutputs, real };
}
