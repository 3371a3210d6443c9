import type { Command } from "commander";

import { createJudge } from "../../conformance/chain.js";
import { createNativeRunner } from "../../conformance/native.js";
import { runConformance, type CaseReport, type ConformanceReport } from "../../conformance/run.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { integer } from "../parse.js";

const VERDICTS = ["proved", "refused", "failed", "skipped"] as const;

function byOperator(tests: readonly CaseReport[]): string {
  const counts = new Map<string, Record<(typeof VERDICTS)[number], number>>();
  for (const { operators, verdict } of tests) {
    for (const operator of operators) {
      const row = counts.get(operator) ?? { proved: 0, refused: 0, failed: 0, skipped: 0 };
      row[verdict]++;
      counts.set(operator, row);
    }
  }
  const rows = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([operator, row]) => [operator, ...VERDICTS.map((v) => String(row[v]))]);
  return table([["operator", ...VERDICTS], ...rows]);
}

function render(report: ConformanceReport): string {
  const notProved = report.tests
    .filter(({ verdict }) => verdict !== "proved")
    .map(({ name, verdict, reason }) => [verdict, name, reason]);
  const counts = VERDICTS.map((verdict) => `${report[verdict]} ${verdict}`).join(", ");
  return [
    byOperator(report.tests),
    "",
    table(notProved),
    "",
    `${report.total} tests: ${counts} (seed ${report.seed})`,
  ].join("\n");
}

/** What programs read: these fields and no others. */
export function machineReadable({ total, proved, refused, failed, skipped, tests }: ConformanceReport) {
  return {
    ...{ total, proved, refused, failed, skipped },
    tests: tests.map(({ name, verdict, reason, nodes, elementsProved, perturbationsRejected, maxDeviation }) => ({
      ...{ name, verdict, reason, nodes, elementsProved, perturbationsRejected, maxDeviation },
    })),
  };
}

export function conformanceCommand(program: Command, context: () => Context): void {
  program
    .command("conformance <folder>")
    .description("compile, run and prove on-chain every ONNX test of a folder")
    .option("--only <text>", "only tests whose name contains this")
    .option("--seed <n>", "seed of the sampled elements", integer, 1)
    .addHelpText(
      "after",
      "\nExample:\n  npx touchstone conformance test/assets/conformance/node\n\nExit code 1 if any test failed.",
    )
    .action(async (folder: string, flags: { only?: string; seed: number }) => {
      const { io } = context();
      const judge = await createJudge();
      const native = createNativeRunner();
      try {
        const { only = "" } = flags;
        const report = await runConformance({
          folder,
          judge,
          native: (each) => native.run(each),
          seed: flags.seed,
          filter: (name) => name.includes(only),
          onCase: ({ verdict, name }, done, total) => io.progress(`${done}/${total} ${verdict} ${name}`),
        });
        io.progress("");
        io.result(machineReadable(report), () => render(report));
        if (report.failed > 0) process.exitCode = 1;
      } finally {
        native.close();
        await judge.close();
      }
    });
}
