import { medianOf, NOT_FINITE } from "../../src/calibrate/distribution.js";
import { FACTORS } from "../../src/sim/study/experiment.js";
import type { StudyModel } from "../../src/sim/study/subject.js";
import { updateDocument } from "../bench/document.js";
import { describeMachine } from "../bench/machine.js";
import type { Table } from "../bench/section.js";
import type { Found, Step, StoredFindings, Study } from "./files.js";

const short = (x: number): string => (x >= NOT_FINITE ? "not finite" : String(Number(x.toPrecision(2))));
const percent = (part: number, of: number): string => (of === 0 ? "-" : `${((100 * part) / of).toFixed(1)}%`);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The models about which a step has found something, with that. */
const known = <S extends Step>(study: Study, step: S): { readonly settings: StudyModel; readonly found: Found[S] }[] =>
  study.models.flatMap((settings) => {
    const found = study.read(settings.name, step);
    return found === undefined ? [] : [{ settings, found }];
  });

const link = (name: string): string => `[${name}](tolerances/${name}/distributions.svg)`;

function tolerances(study: Study): Table {
  return {
    title: "Tolerances",
    remark:
      "Noise: largest distance of any honest answer from the audit answer. Error: median distance of the cheapest version. Room: error over noise, which must exceed 32. " +
      "Noise level: where watchers take alarm.",
    columns: ["model", "output", "profile", "tolerance", "noise level", "noise", "error", "cheapest", "room", "inputs"],
    rows: known(study, "calibration").flatMap(({ settings: { name }, found: { proposal, inputs } }) =>
      proposal.rooms.map(({ noise, error, cheapest }, k) => [
        k === 0 ? link(name) : "",
        String(k),
        proposal.profile,
        short(proposal.atol[k] ?? 0),
        short((proposal.atol[k] ?? 0) * (proposal.noise[k] ?? 0)),
        short(noise),
        short(error),
        cheapest,
        noise === 0 ? "-" : (error / noise).toFixed(0),
        String(sum(Object.values(inputs))),
      ]),
    ),
  };
}

function cheaperVersions(study: Study): Table {
  const names = ["tf32", "fp16", "bf16", "int8", "pruned"];
  return {
    title: "Cheaper versions",
    remark:
      "Median over inputs of the largest distance from the audit answer, first in value, then as a multiple of the noise of honest hardware.",
    columns: ["model", "output", ...names],
    rows: known(study, "calibration").flatMap(({ settings: { name }, found: { substitutes, proposal } }) =>
      proposal.rooms.map(({ noise }, k) => [
        k === 0 ? name : "",
        String(k),
        ...names.map((label) => {
          const one = substitutes.find((each) => each.label === label);
          if (one === undefined) return "none";
          const error = medianOf(one, k);
          return noise === 0 ? short(error) : `${short(error)}, ${short(error / noise)}x`;
        }),
      ]),
    ),
  };
}

const isExact = ({ atol }: StoredFindings): boolean => atol.every((x) => x === 0);

/** Findings about models that have a tolerance, or about those that have none. */
const findingsOf = (study: Study, exact: boolean) =>
  known(study, "experiment").filter(({ found }) => isExact(found) === exact);

function exactAnswers(study: Study): Table {
  return {
    title: "Exact models",
    remark: "Operators answer with the audit machine. How many native answers would have had its bits:",
    columns: ["model", "inputs", "native answers", "with the same bits", "share"],
    rows: findingsOf(study, true).map(({ settings: { name }, found: { inputs, honest } }) => {
      const answers = sum(Object.values(honest).map((tally) => tally.answers));
      const same = answers - sum(Object.values(honest).map(({ wrong }) => wrong));
      return [name, inputs, answers, same, percent(same, answers)];
    }),
  };
}

function honestAnswers(study: Study): Table {
  return {
    title: "Honest answers",
    remark:
      "Answers of all settings to seeded inputs that no calibration saw; the largest distance as a share of the tolerance.",
    columns: ["model", "inputs", "settings", "answers", "beyond tolerance", "largest"],
    rows: findingsOf(study, false).map(({ settings: { name }, found: { inputs, honest } }) => {
      const tallies = Object.values(honest);
      const largest = Math.max(...tallies.map(({ extreme }) => extreme));
      return [
        name,
        inputs,
        tallies.length,
        sum(tallies.map(({ answers }) => answers)),
        sum(tallies.map(({ wrong }) => wrong)),
        percent(largest, 1),
      ];
    }),
  };
}

function cheapAnswers(study: Study): Table {
  const names = ["tf32", "fp16", "bf16", "int8", "pruned"];
  return {
    title: "Cheap answers detected",
    remark:
      "Share of answers of each cheaper version that the verdict calls wrong, same inputs; then of all of them by kind of input.",
    columns: ["model", "answers of each", ...names, "random", "constant", "corner", "near-constant", "sparse"],
    rows: findingsOf(study, false).map(({ settings: { name }, found: { inputs, cheap, kinds } }) => {
      const share = (tally: { wrong: number; answers: number } | undefined): string =>
        tally === undefined ? "none" : percent(tally.wrong, tally.answers);
      return [
        name,
        inputs,
        ...names.map((label) => share(cheap[label])),
        ...["random", "constant", "corner", "near-constant", "sparse"].map((kind) => share(kinds[kind])),
      ];
    }),
  };
}

function frauds(study: Study): Table {
  return {
    title: "Frauds just beyond the tolerance",
    remark: `One element of the audit answer moved by ${FACTORS.join(", ")} times the tolerance, up or down; and to the last binary32 number inside the tolerance and the first outside.`,
    columns: ["model", "moved", "detected", "at 1.01", "inside: right", "outside: wrong"],
    rows: findingsOf(study, false).flatMap(({ settings: { name }, found }) => {
      const tallies = Object.values(found.frauds);
      const { tried, right, wrong } = found.boundary;
      const least = found.frauds["1.01"];
      if (least === undefined) return [];
      return [
        [
          name,
          sum(tallies.map(({ answers }) => answers)),
          sum(tallies.map((tally) => tally.wrong)),
          `${least.wrong} of ${least.answers}`,
          `${right} of ${tried}`,
          `${wrong} of ${tried}`,
        ],
      ];
    }),
  };
}

function margins(study: Study): Table {
  return {
    title: "Margins of classifiers",
    remark:
      "Real inputs whose two largest scores are less than twice the tolerance apart: two right answers could name different classes.",
    columns: [
      "model",
      "real inputs",
      "under twice the tolerance",
      "share",
      "smallest margin",
      "median margin",
      "recognised",
    ],
    rows: known(study, "margins").map(({ settings: { name }, found }) => [
      name,
      found.inputs,
      found.narrow,
      percent(found.narrow, found.inputs),
      short(found.smallest),
      short(found.median),
      found.recognised ?? "-",
    ]),
  };
}

function hunts(study: Study): Table {
  return {
    title: "Hunted inputs",
    remark:
      "Worst noise as a share of the tolerance: on the inputs of the calibration, on those that the search found, and how the worst of these came about. Compared: inputs on which native settings were compared with each other; judged: with the audit answer.",
    columns: ["model", "calibration", "hunted", "found by", "compared", "judged", "restarts", "CPU minutes"],
    rows: known(study, "hunt").map(({ settings: { name }, found }) => {
      const { rooms, atol } = study.read(name, "calibration")!.proposal;
      const worst = (noise: (room: (typeof rooms)[number]) => number): string =>
        percent(Math.max(...rooms.map((room, k) => (atol[k] ? noise(room) / atol[k] : 0))), 1);
      return [
        name,
        worst((room) => room.noise),
        // Until a calibration has counted them, the search's own figure stands.
        rooms.some(({ hunted }) => hunted > 0) ? worst((room) => room.hunted) : percent(found.ratio, 1),
        found.by,
        found.screened,
        found.judged,
        found.restarts,
        (found.cpuSeconds / 60).toFixed(1),
      ];
    }),
  };
}

/** By step, the tables of docs/tolerances.md. */
export const PARTS = {
  calibrate: (study: Study) => [tolerances(study), cheaperVersions(study)],
  experiment: (study: Study) => [honestAnswers(study), cheapAnswers(study), frauds(study), exactAnswers(study)],
  margins: (study: Study) => [margins(study)],
  hunt: (study: Study) => [hunts(study)],
};

/** Renews the tables of docs/tolerances.md from what the steps stored. */
export async function writeReport(study: Study): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  for (const [name, tables] of Object.entries(PARTS)) {
    const report = { name, command: `npm run tolerances -- ${name} <folder>`, date, tables: tables(study) };
    await updateDocument("docs/tolerances.md", report, describeMachine());
  }
}
