import { execFile } from "node:child_process";

import type { RoleProcess } from "../../src/sim/driver/role-process.js";
import { linePlot } from "../bench/line-plot.js";

/*
 * Resident memory of honest roles in the course of a soak: of each kind the largest process at a time. A role that is killed begins anew,
 * so a leak shows as peaks that rise while it lives.
 */

const EVERY_MS = 5_000;

/** Kinds of roles, by what their names begin with, and the colours of their lines. */
const KINDS = [
  { name: "worker", begins: ["worker "], colour: "#2563eb" },
  { name: "watcher", begins: ["watcher"], colour: "#c2410c" },
  { name: "auditor", begins: ["auditor", "silent"], colour: "#15803d" },
] as const;

export interface Memory {
  /** Looks at other roles from now on: those of the next simulation. */
  follow(roles: () => readonly RoleProcess[]): void;
  stop(): void;
  /** The largest process of each kind so far, in MiB. */
  peaks(): Readonly<Record<string, number>>;
  plot(minutes: number): string;
}

/** Resident memory by process, in MiB, as `ps` tells it; processes that are gone are left out. */
function residentOf(pids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "pid=,rss=", "-p", pids.join(",")], (_failure, output) => {
      const lines = output.trim().split("\n");
      resolve(
        new Map(
          lines.map((line) => line.trim().split(/\s+/).map(Number)).map(([pid = 0, kib = 0]) => [pid, kib / 1_024]),
        ),
      );
    });
  });
}

export function watchMemory(): Memory {
  let roles: () => readonly RoleProcess[] = () => [];
  const samples: number[][] = KINDS.map(() => []);

  async function look(): Promise<void> {
    const running = roles().filter((role) => role.isHonest && role.isExpected());
    if (running.length === 0) return;
    const resident = await residentOf(running.map((role) => role.pid()));
    KINDS.forEach(({ begins }, i) => {
      const of = running.filter(({ name }) => begins.some((start) => name.startsWith(start)));
      const most = Math.max(0, ...of.map((role) => resident.get(role.pid()) ?? 0));
      // A kind that is not there at the moment is as it was.
      samples[i]!.push(most > 0 ? most : (samples[i]!.at(-1) ?? 0));
    });
  }

  const timer = setInterval(() => void look(), EVERY_MS);
  return {
    follow: (next) => (roles = next),
    stop: () => clearInterval(timer),
    peaks: () => Object.fromEntries(KINDS.map(({ name }, i) => [name, Math.round(Math.max(0, ...samples[i]!))])),
    plot: (minutes) =>
      linePlot({
        title: "Resident memory in the soak, the largest process of each kind",
        unit: "MiB",
        across: { name: "minutes", end: Math.round(minutes) },
        lines: KINDS.map(({ name, colour }, i) => ({ name, colour, values: samples[i]! })),
      }),
  };
}
