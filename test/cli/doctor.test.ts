import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { diagnose, type DoctorOptions } from "../../src/cli/doctor.js";
import { readSettings } from "../../src/config/settings.js";

/** What it says of a chain that is there stands in `test/integration/rehearsal.test.ts`. */
describe("touchstone doctor, without a node", () => {
  const home = mkdtempSync(join(tmpdir(), "touchstone-doctor-"));
  after(() => rmSync(home, { recursive: true }));

  const options = (env: Record<string, string> = {}, more: Partial<DoctorOptions> = {}): DoctorOptions => ({
    settings: readSettings({ TOUCHSTONE_HOME: home, TOUCHSTONE_RPC_URL: "http://127.0.0.1:9", ...env }),
    address: () => Promise.resolve("0x0"),
    ports: [],
    providers: ["cpu"],
    now: Date.now,
    ...more,
  });
  const states = async (given: DoctorOptions) =>
    Object.fromEntries((await diagnose(given)).map(({ check, state }) => [check, state]));

  it("goes on after what fails, and gives every warning and failure a next step", async () => {
    const found = await diagnose(options({}, { address: () => Promise.reject(new Error("locked")) }));
    expect(Object.fromEntries(found.map(({ check, state }) => [check, state]))).include({
      ...{ versions: "ok", providers: "ok", models: "warn", key: "fail", node: "fail" },
    });
    for (const { state, next } of found) expect(next === undefined).equal(state === "ok");
  });

  it("tells of providers that are not there, ports in use, and secrets that others can read", async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    const { port } = busy.address() as AddressInfo;
    const keystore = join(home, "key.json");
    writeFileSync(keystore, "{}", { mode: 0o644 });
    const ports = [
      { host: "127.0.0.1", port },
      { host: "127.0.0.1", port: 0 },
    ];
    const found = await states(options({ TOUCHSTONE_KEYSTORE: keystore }, { ports, providers: ["nonsense"] }));
    busy.close();
    const gone = join(home, "gone.json");
    expect(await states(options({ TOUCHSTONE_KEYSTORE: gone }))).include({ "key files": "fail" });
    expect(found).include({
      ...{ providers: "fail", "key files": "fail" },
      [`port 127.0.0.1:${port}`]: "fail",
      "port 127.0.0.1:0": "ok",
    });
  });
});
