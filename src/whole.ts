import { renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes whole files only: whatever ends the process leaves the old state or the new one.
 * @param mode who may read it, where that is not as usual
 */
export function writeWhole(path: string, data: string | Uint8Array, mode?: number): void {
  const partial = `${path}.${process.pid}.partial`;
  // In a container every life has the same number: what an earlier one left is no reason to fail.
  rmSync(partial, { force: true });
  try {
    writeFileSync(partial, data, { flag: "wx", ...(mode === undefined ? {} : { mode }) });
    renameSync(partial, path);
  } catch (thrown) {
    rmSync(partial, { force: true });
    throw thrown;
  }
}
