import { readFileSync } from "node:fs";

import { expect } from "chai";

import { createMetrics } from "../../src/metrics.js";

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

const read = (name: string): string => readFileSync(`docs/operations/${name}`, "utf8");
const dashboard = JSON.parse(read("dashboard.json")) as {
  readonly panels: readonly Panel[];
};
const rules = [...read("alerts.yml").matchAll(/- alert: (\w+)\n\s*expr: (.*)/g)].map(([, alert = "", expr = ""]) => {
  return { alert, expr };
});

/** Names of metrics in a query; words before a bracket are functions, and those after "by" are labels. */
const metricsIn = (expr: string): string[] => expr.match(/\b(touchstone|process|nodejs)_[a-z0-9_]+/g) ?? [];

/** What a role exports, with the parts of histograms. */
function exported(): Map<string, readonly string[]> {
  const { registry } = createMetrics();
  const names = new Map<string, readonly string[]>();
  for (const metric of registry.getMetricsAsArray()) {
    const { name, labelNames = [] } = metric as unknown as { name: string; labelNames?: string[] };
    names.set(name, labelNames);
    for (const part of ["bucket", "sum", "count"]) names.set(`${name}_${part}`, [...labelNames, "le"]);
  }
  return names;
}

describe("dashboard and alert rules", () => {
  const known = exported();
  const queries = [
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ of: title, expr }))),
    ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
  ];

  it("are read whole", () => {
    expect(rules.length).to.equal(read("alerts.yml").split("alert:").length - 1);
  });

  it("ask for metrics that roles export, by labels that these have", () => {
    for (const { of, expr } of queries) {
      const metrics = metricsIn(expr);
      for (const metric of metrics) expect([...known.keys()], `${of}: ${expr}`).to.include(metric);
      const labels = [
        ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", ")),
        ...[...expr.matchAll(/[{,]\s*(\w+)=/g)].map(([, label = ""]) => label),
      ].filter((label) => label !== "instance" && label !== "job");
      for (const label of labels) {
        expect(
          metrics.some((metric) => known.get(metric)?.includes(label)),
          `${of}: label ${label}`,
        ).to.equal(true);
      }
    }
  });

  it("leave no metric of ours unseen", () => {
    const seen = new Set(
      queries.flatMap(({ expr }) => metricsIn(expr)).map((name) => name.replace(/_(bucket|count)$/, "")),
    );
    const own = createMetrics()
      .registry.getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith("touchstone_"));
    expect(own.filter((name) => !seen.has(name))).to.deep.equal([]);
  });

  it("are told what to do in the runbook, each alert under its name", () => {
    const headings = [...readFileSync("docs/operations.md", "utf8").matchAll(/^## (.*)$/gm)].flatMap(([, text = ""]) =>
      text.split(", "),
    );
    for (const { alert } of rules) expect(headings).to.include(alert);
  });

  it("do not lie over each other", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).to.equal(cells.length);
  });
});
