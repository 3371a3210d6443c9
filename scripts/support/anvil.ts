import { spawn } from "node:child_process";
import { createRequire } from "node:module";

import { createProvider } from "../../src/chain/suite.js";
import type { JsonRpcProvider } from "ethers";

/** A chain that can reorganise, drop transactions and hold back blocks; a real node in a process of its own. */
export interface Anvil {
  readonly rpcUrl: string;
  readonly provider: JsonRpcProvider;
  stop(): Promise<void>;
}

const PLATFORM = { win32: "win32", darwin: "darwin", linux: "linux" }[process.platform as "linux"];
const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "amd64";

/** Private key of anvil's n-th funded account: these are published, and the same everywhere. */
export const ANVIL_KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
] as const;

/** @param args options of `anvil` beyond a free port and silence */
export async function startAnvil(...args: readonly string[]): Promise<Anvil> {
  const executable = process.platform === "win32" ? "anvil.exe" : "anvil";
  const path = createRequire(import.meta.url).resolve(
    `@foundry-rs/anvil-${PLATFORM}-${ARCHITECTURE}/bin/${executable}`,
  );
  const child = spawn(path, ["--port", "0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  // Whoever ends by process.exit() stops nothing by itself.
  const kill = (): boolean => child.kill("SIGKILL");
  process.on("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const rpcUrl = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const at = /Listening on (\S+)/.exec(text)?.[1];
      if (at !== undefined) resolve(`http://${at}`);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`anvil ended with ${code}`)));
  });
  const provider = createProvider(rpcUrl);
  return {
    rpcUrl,
    provider,
    stop: () => {
      provider.destroy();
      return new Promise((resolve) => {
        child.once("exit", () => resolve());
        kill();
      });
    },
  };
}
