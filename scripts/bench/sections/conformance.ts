import { join } from "node:path";

import { createJudge } from "../../../src/conformance/chain.js";
import { createNativeRunner } from "../../../src/conformance/native.js";
import { runConformance, type CaseReport, type ConformanceReport } from "../../../src/conformance/run.js";
import type { Section, Table } from "../section.js";

const FOLDERS = { node: "single operators", models: "models" } as const;

const sumOf = (tests: readonly CaseReport[], key: "elementsProved" | "perturbationsRejected"): number =>
  tests.reduce((sum, test) => sum + test[key], 0);

function totals(reports: Readonly<Record<string, ConformanceReport>>): Table {
  return {
    title: "Conformance",
    columns: [
      ...["folder", "tests", "proved", "refused", "failed", "skipped"],
      ...["elements evaluated on-chain", "perturbations rejected"],
    ],
    rows: Object.entries(reports).map(([title, { total, proved, refused, failed, skipped, tests }]) => [
      ...[title, total, proved, refused, failed, skipped],
      ...[sumOf(tests, "elementsProved"), sumOf(tests, "perturbationsRejected")],
    ]),
  };
}

function models({ tests }: ConformanceReport): Table {
  const sizes = tests
    .filter(({ verdict, name }) => verdict === "proved" && !/\/test_data_set_[1-9]/.test(name))
    .sort((a, b) => b.multiplyAdds - a.multiplyAdds || (a.name < b.name ? -1 : 1));
  return {
    title: "Models",
    remark:
      "With bounds on the dearest proof of any element (evidence bytes, transaction gas); limits are 65,536 bytes and 8,000,000 gas. " +
      "The last column is the largest distance of an audit answer from the expected one.",
    columns: [
      ...["model", "nodes", "multiply-adds", "trace bytes", "proof bytes", "proof gas", "elements proved"],
      "deviation",
    ],
    rows: sizes.map((test) => [
      ...[test.name.replace("/test_data_set_0", ""), test.nodes, test.multiplyAdds, test.traceBytes],
      ...[
        test.worstProofBytes,
        test.worstProofGas,
        test.elementsProved,
        String(Number(test.maxDeviation.toPrecision(2))),
      ],
    ]),
  };
}

/** Everything of `touchstone conformance`, over all third-party tests: takes minutes. */
export const section: Section = {
  run: async ({ conformance, say }) => {
    const judge = await createJudge();
    const native = createNativeRunner();
    try {
      const reports: Record<string, ConformanceReport> = {};
      for (const [folder, title] of Object.entries(FOLDERS)) {
        reports[title] = await runConformance({
          folder: join(conformance, folder),
          judge,
          native: (each) => native.run(each),
          seed: 1,
          onCase: ({ verdict, name }, done, total) => say(`${done}/${total} ${verdict} ${name}`),
        });
      }
      return [totals(reports), models(reports[FOLDERS.models]!)];
    } finally {
      native.close();
      await judge.close();
    }
  },
};
