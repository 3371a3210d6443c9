import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { Wallet } from "ethers";

import { createRedactor } from "../../src/printable.js";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const KEY = "S3CRETKEY";
const PASSWORD = "pa55word";
const LOGIN = Buffer.from(`user:${PASSWORD}`).toString("base64");
const SECRETS = [KEY, PASSWORD, LOGIN];
const CHAIN = 31_337;
const MODEL = `0x${"11".repeat(32)}`;
const NAMES = ["token", "hub", "registry", "staking", "profiles", "fees", "arbiter", "challenges", "offers", "jobs"];
const MORE_NAMES = ["receipts", "lottery", "accountLens", "claimLens"];

describe("secrets in addresses of endpoints", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-secrets-"));
  const book = join(folder, "book.json");
  const { privateKey } = Wallet.createRandom();
  let server: Server;
  let port = 0;

  /** Tells the chain's id, and quotes itself in everything else: as an error of the node, as a page, as no answer at all. */
  before(async () => {
    let count = 0;
    server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (part: string) => (body += part));
      request.on("end", () => {
        const quoted = `http://user:${PASSWORD}@${request.headers.host}${request.url} ${request.headers.authorization}`;
        const asked = JSON.parse(body || "{}") as { id?: number; method?: string }[] | { id?: number; method?: string };
        const calls = Array.isArray(asked) ? asked : [asked];
        const isSetUp = calls.every(({ method }) => method === "eth_chainId");
        if (!isSetUp && ++count % 3 === 0) return void response.writeHead(500).end(`no such project: ${quoted}`);
        if (!isSetUp && count % 3 === 1) return void response.end(`<html>${quoted}</html>`);
        const answers = calls.map(({ id }) =>
          isSetUp
            ? { jsonrpc: "2.0", id, result: `0x${CHAIN.toString(16)}` }
            : { jsonrpc: "2.0", id, error: { code: -32_000, message: `over the limit of ${quoted}` } },
        );
        response.end(JSON.stringify(Array.isArray(asked) ? answers : answers[0]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
    const names = Object.fromEntries([...NAMES, ...MORE_NAMES].map((name) => [name, `0x${"22".repeat(20)}`]));
    writeFileSync(book, JSON.stringify({ chainId: CHAIN, block: 0, ...names }));
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  const lying = (): string => `http://user:${PASSWORD}@127.0.0.1:${port}/v3/${KEY}`;
  const dead = `http://user:${PASSWORD}@127.0.0.1:9/v3/${KEY}`;

  /** Everything that a command says; one that goes on is told to stop. */
  function said(
    args: readonly string[],
    settings: Readonly<Record<string, string>>,
    lifeMs = 250_000,
  ): Promise<string> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], {
        env: { PATH: process.env["PATH"], TOUCHSTONE_HOME: folder, TOUCHSTONE_DEPLOYMENT: book, ...settings },
      });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (part: string) => (text += part));
      }
      const timer = setTimeout(() => child.kill("SIGKILL"), lifeMs);
      child.on("close", () => {
        clearTimeout(timer);
        resolve(text);
      });
    });
  }

  function expectNone(text: string, what: string): void {
    for (const secret of SECRETS) expect(text.includes(secret), `${what}: ${text}`).to.equal(false);
  }

  /** State, locks and whatever else was written. */
  function expectNoneInFiles(): void {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const path = join(folder, name);
      if (statSync(path).isFile()) expectNone(readFileSync(path, "latin1"), name);
    }
  }

  it("are in no output and no file of any command, whatever a dead or lying endpoint quotes", async () => {
    const [rpc, queue] = [`http://127.0.0.1:9/v3/${KEY}`, `nats://user:${PASSWORD}@127.0.0.1:9`];
    const key = { TOUCHSTONE_PRIVATE_KEY: privateKey };
    const remote = { TOUCHSTONE_SIGNER_URL: lying(), TOUCHSTONE_SIGNER_ADDRESS: `0x${"33".repeat(20)}` };
    const hub = { TOUCHSTONE_ALERT_URL: lying(), TOUCHSTONE_RPC_URL: lying() };
    const cases: readonly (readonly [string, readonly string[], Record<string, string>])[] = [
      ["dead", ["hub"], { TOUCHSTONE_RPC_URL: dead }],
      ["several, dead", ["hub"], { TOUCHSTONE_RPC_URL: dead, TOUCHSTONE_RPC_OTHERS: `${rpc},${dead}x` }],
      ["lying, as JSON", ["--json", "model", "verify", MODEL], { TOUCHSTONE_RPC_URL: lying() }],
      ["doctor", ["doctor"], { TOUCHSTONE_RPC_URL: lying(), ...key }],
      ["several, lying", ["watch", "--once"], { TOUCHSTONE_RPC_OTHERS: lying(), ...hub, ...key }],
      ["a transaction", ["operator", "faucet"], { TOUCHSTONE_RPC_URL: lying(), ...key }],
      ["a signer", ["operator", "faucet"], { TOUCHSTONE_RPC_URL: lying(), ...remote }],
      ["deploying", ["deploy", "--dry-run", "--network", "arbitrum-sepolia"], { TOUCHSTONE_RPC_URL: lying(), ...key }],
      ["a queue", ["worker", "host"], { TOUCHSTONE_QUEUE_URL: queue }],
      ["an argument", ["model", "pull", `http://user:${PASSWORD}@127.0.0.1:9/model.onnx`], {}],
    ];
    // A few at a time: each is a process.
    const waiting = [...cases];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [what, args, settings] = next;
        const text = await said(args, settings);
        expect(text.length, `${what} says something`).to.be.greaterThan(10);
        expectNone(text, what);
      }
    };
    await Promise.all([work(), work(), work()]);
    expectNoneInFiles();
  });

  it("are taken out of texts in every form that libraries and servers write them", () => {
    const redact = createRedactor([`https://us%40er:p%22ss%20w0rd@rpc.example/v3/${KEY}?apikey=qu3rysecret&v=2`]);
    const login = Buffer.from('us@er:p"ss w0rd').toString("base64");
    for (const form of ['p"ss w0rd', 'p\\"ss w0rd', "p%22ss%20w0rd", "us@er", KEY, "qu3rysecret", login]) {
      expect(redact(`<${form}>`), form).to.equal("<***>");
    }
    expect(redact(`at https://us%40er:p%22ss%20w0rd@rpc.example/v3/${KEY}?apikey=qu3rysecret&v=2.`)).to.equal(
      "at https://rpc.example.",
    );
    expect(redact("v3 and v=2 are words")).to.equal("v3 and v=2 are words");
    expect(createRedactor(["http://127.0.0.1:8545"])("http://127.0.0.1:8545/ is here")).to.include("127.0.0.1:8545");
  });
});
