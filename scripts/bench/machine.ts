import { cpus, totalmem } from "node:os";

/** The machine that a figure was measured on, in words. */
export function describeMachine(): string {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const { platform, arch, versions } = process;
  return `${cores.length} cores (${cores[0]?.model.trim() ?? "unknown"}), ${memory} GiB, ${platform} ${arch}, Node ${versions.node}`;
}
