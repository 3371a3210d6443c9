import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { childEnvironment } from "../../src/config/environment.js";

/** Debian's `nats-server`; `.ci/run` installs it. */
const SERVER = "nats-server";

export const isQueueInstalled = (): boolean => spawnSync(SERVER, ["--version"]).status === 0;

export interface Queue {
  /** Without credentials. */
  readonly port: number;
  readonly url: string;
  /** Ends the server like a power cut. */
  crash(): Promise<void>;
  /** Starts it again with its disk. */
  start(): Promise<void>;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isOpen) return;
    if (tries > 300) throw new Error("nats-server does not listen");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * A real server with JetStream, on a port and a disk of its own.
 * @param more lines of its configuration
 * @param variables that these name
 */
export async function startQueue(more = "", variables: Readonly<Record<string, string>> = {}): Promise<Queue> {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-queue-"));
  const port = await freePort();
  const file = join(folder, "nats.conf");
  writeFileSync(file, `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${folder}" }\n${more}\n`);
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(SERVER, ["-c", file], { stdio: "ignore", env: childEnvironment(variables) });
    await untilOpen(port);
  };
  const crash = async (): Promise<void> => {
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child?.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    ...{ port, url: `nats://127.0.0.1:${port}`, start, crash },
    close: async () => {
      await crash();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
