#!/usr/bin/env node
/**
 * Makes a clone ready to run: dependencies with the right Node, compiled contracts and their TypeScript types. Does only what
 * is missing or out of date, so every command calls it first. Plain JavaScript without imports from packages: it must run
 * on the machine's own Node, before anything is installed. Prints to stderr, so that commands keep their stdout.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");

const OLDEST_NODE = 20;
/** npm 11 refuses the lock file where a registry lacks another platform's optional package; npm 10.9 does not. */
const NPM = "10.9";

/** Set-up failed for a reason the reader can act on. */
class SetupError extends Error {
  /**
   * @param {string} message What failed.
   * @param {string} next What to do now.
   */
  constructor(message, next) {
    super(message);
    this.next = next;
  }
}

/** @param {string} line */
const say = (line) => process.stderr.write(`setup: ${line}\n`);

/** @param {(string | Buffer)[]} parts */
function digest(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/**
 * Files under a folder, in a fixed order.
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    });
}

/** @param {string} file */
const contentsOf = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

/** A stamp is written whole or not at all, and never through a hard link to another checkout's stamp. */
function writeStamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, value);
  renameSync(temporary, file);
}

/**
 * Runs a command with its output on stderr.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function succeeds(command, args, env) {
  const result = spawnSync(command, args, { cwd: root, env, stdio: ["ignore", 2, 2] });
  if (result.error !== undefined) throw result.error;
  return result.status === 0;
}

/** The PATH with this clone's own binaries first, or without them. */
function pathWith(own) {
  const bin = join(modules, ".bin");
  const rest = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => entry !== bin);
  return (own ? [bin, ...rest] : rest).join(delimiter);
}

const steps = [
  {
    name: "dependencies",
    says: "installing dependencies (about a minute the first time)",
    stamp: join(modules, ".touchstone-installed"),
    wanted: () =>
      digest(
        contentsOf(join(root, "package-lock.json")),
        contentsOf(join(root, ".npmrc")),
        `${process.platform}-${process.arch}`,
      ),
    present: () => existsSync(join(modules, "node", "bin", "node")),
    run() {
      const { dependencies } = JSON.parse(contentsOf(join(root, "package.json")));
      const npm = ["-y", "-p", `node@${dependencies.node}`, "-p", `npm@${NPM}`, "npm", "ci", "--loglevel=error"];
      // Its install script downloads GPU libraries; an operator who wants them sets the variable to something else.
      const env = { ONNXRUNTIME_NODE_INSTALL: "skip", ...process.env, PATH: pathWith(false) };
      const next =
        "Check that npm reaches its registry (`npm ping`) and that the disk has 2 GB free, then run `npm run setup` again.";
      try {
        if (succeeds("npx", npm, env)) return;
      } catch (cause) {
        throw new SetupError(`npx does not start (${cause.message})`, "Install Node 20 or newer together with npm.");
      }
      throw new SetupError("installing the dependencies failed; npm's own message is above", next);
    },
  },
  {
    name: "contracts",
    says: "compiling the contracts and generating their types",
    stamp: join(root, "cache", "touchstone-compiled"),
    wanted: () =>
      digest(
        ...filesUnder(join(root, "contracts"))
          .filter((file) => file.endsWith(".sol"))
          .flatMap((file) => [file.slice(root.length), readFileSync(file)]),
        contentsOf(join(root, "hardhat.config.ts")),
        contentsOf(join(root, "package-lock.json")),
      ),
    present: () => existsSync(join(root, "artifacts")) && existsSync(join(root, "typechain-types")),
    run() {
      const hardhat = [join(modules, "hardhat", "dist", "src", "cli.js"), "build", "--no-tests"];
      const env = { ...process.env, PATH: pathWith(true) };
      if (succeeds(join(modules, "node", "bin", "node"), hardhat, env)) return;
      throw new SetupError(
        "the contracts do not compile; the compiler's message is above",
        "Correct the named file. If it is none of yours, run `npx hardhat clean` and `npm run setup` again.",
      );
    },
  },
];

/** @param {(typeof steps)[number]} step */
const isDone = (step) => step.present() && contentsOf(step.stamp) === step.wanted();

/** Two commands started together in a fresh clone must not install over each other. */
function withLock(work) {
  const lock = join(root, ".setup.lock");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = Number(contentsOf(lock));
    if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true });
    else if (!told) say(`waiting for another set-up (process ${owner})`);
    Atomics.wait(pause, 0, 0, 300);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Brings everything up to date. */
export function setUp() {
  if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
    throw new SetupError(
      `this is Node ${process.versions.node}, and Touchstone needs ${OLDEST_NODE} or newer`,
      "Install a newer Node, with npm, and run the command again.",
    );
  }
  if (steps.every(isDone)) {
    if (process.env["npm_lifecycle_event"] === "setup") say("everything is up to date");
    return;
  }
  withLock(() => {
    for (const step of steps) {
      if (isDone(step)) continue;
      const started = Date.now();
      say(`${step.says} ...`);
      rmSync(step.stamp, { force: true });
      const wanted = step.wanted();
      step.run();
      writeStamp(step.stamp, wanted);
      say(`${step.name} ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message}.`);
    say(error.next);
    process.exitCode = 1;
  }
}
