import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { checkSolidityEdges, importsOf } from "../../scripts/checks/solidityEdges.js";
import { checkTypeScriptEdges } from "../../scripts/checks/typescriptEdges.js";

/** A little repository with one file in every folder, none of which breaks a rule. */
const LAWFUL: Readonly<Record<string, string>> = {
  "src/errors.ts": "export class Failure extends Error {}",
  "src/onnx/model.ts": 'import "../errors.js"; export type Model = string;',
  "src/audit/compile.ts": 'import type { Model } from "../onnx/model.js"; export type Graph = Model;',
  "src/inspect/svg.ts": 'import type { Graph } from "../audit/compile.js"; export type Picture = Graph;',
  "src/runtime/native.ts":
    'import "onnxruntime-node"; import type { Graph } from "../audit/compile.js"; export type R = Graph;',
  "src/chain/events.ts":
    'import "ethers"; import type { Settings } from "../config/settings.js"; export type S = Settings;',
  "src/store/files.ts": 'import "node:fs"; export const folder = "models";',
  "src/config/settings.ts": 'import "zod"; export type Settings = 1; export const settings: Settings = 1;',
  "src/receipts/wire.ts": 'import "../chain/events.js"; export const r = 1;',
  "src/http/server.ts": 'import "../receipts/wire.js"; export const h = 1;',
  "src/worker/run.ts":
    'import "../http/server.js"; import "../chain/events.js"; import "../store/files.js"; import "../runtime/native.js"; export const w = 1;',
  "src/fleet/host.ts": 'import "../worker/run.js"; import "../receipts/wire.js"; export const f = 1;',
  "src/watchtower/watch.ts": 'import "../chain/events.js"; export const t = 1;',
  "src/client/request.ts": 'import "../chain/events.js"; export const c = 1;',
  "src/deploy/goal.ts": 'import "../chain/events.js"; export const d = 1;',
  "src/sim/market.ts": 'import "../worker/run.js"; import "../client/request.js"; export const s = 1;',
  "src/cli/main.ts":
    'import "../worker/run.js"; import "../fleet/host.js"; import "../config/settings.js"; import "../sim/market.js";',
  "scripts/demo.ts": 'import "../src/sim/market.js";',
  "scripts/checks/edges.ts": "export const seen = 1;",
  "test/edges.test.ts": 'import "../scripts/checks/edges.js"; import "chai";',
};

/** Rule, file, and what the file must not say. */
const PLANTED: readonly (readonly [rule: string, file: string, source: string])[] = [
  ["onnx-alone", "src/onnx/bad.ts", 'import "../audit/compile.js";'],
  ["audit-imports-onnx-only", "src/audit/bad.ts", 'import "../store/files.js";'],
  ["audit-imports-onnx-only", "src/audit/bad.ts", 'import type { R } from "../runtime/native.js"; export type X = R;'],
  ["audit-and-onnx-are-pure", "src/audit/bad.ts", 'import { readFileSync } from "node:fs"; readFileSync("x");'],
  ["audit-and-onnx-are-pure", "src/onnx/bad.ts", 'import "fs/promises";'],
  ["no-chain-library-below-chain", "src/audit/bad.ts", 'import { keccak256 } from "ethers"; keccak256("0x");'],
  [
    "no-chain-library-below-chain",
    "src/store/bad.ts",
    'import type { Provider } from "ethers"; export type P = Provider;',
  ],
  ["inspect-imports-audit-only", "src/inspect/bad.ts", 'import "../cli/main.js";'],
  ["onnxruntime-in-runtime-only", "src/audit/bad.ts", 'import "onnxruntime-node";'],
  ["onnxruntime-in-runtime-only", "src/worker/bad.ts", 'export const load = () => import("onnxruntime-web");'],
  ["runtime-chain-store-apart", "src/chain/bad.ts", 'import "../store/files.js";'],
  [
    "settings-are-arguments",
    "src/chain/bad.ts",
    'import { settings } from "../config/settings.js"; console.log(settings);',
  ],
  ["core-below-roles", "src/chain/bad.ts", 'import "../worker/run.js";'],
  ["core-below-roles", "src/audit/bad.ts", 'import "../cli/main.js";'],
  ["roles-apart", "src/worker/bad.ts", 'import "../watchtower/watch.js";'],
  ["roles-apart", "src/watchtower/bad.ts", 'import "../client/request.js";'],
  ["roles-apart", "src/client/bad.ts", 'import "../worker/run.js";'],
  ["roles-apart", "src/client/bad.ts", 'import "../sim/market.js";'],
  ["fleet-has-no-key", "src/fleet/bad.ts", 'import "../chain/events.js";'],
  ["fleet-has-no-key", "src/fleet/bad.ts", 'import { Wallet } from "ethers"; Wallet.createRandom();'],
  ["nobody-below-the-fleet", "src/worker/bad.ts", 'import "../fleet/host.js";'],
  ["exchange-below-disputes-and-roles", "src/receipts/bad.ts", 'import "../worker/run.js";'],
  ["exchange-below-disputes-and-roles", "src/http/bad.ts", 'import "../store/files.js";'],
  ["deploy-above-chain", "src/deploy/bad.ts", 'import "../worker/run.js";'],
  ["nobody-imports-cli", "src/sim/bad.ts", 'import "../cli/main.js";'],
  ["nobody-imports-cli", "scripts/bad.ts", 'import "../src/cli/main.js";'],
  ["nobody-imports-scripts", "src/sim/bad.ts", 'import "../../scripts/demo.js";'],
  ["nothing-imports-tests", "src/sim/bad.ts", 'import "../../test/edges.test.js";'],
  ["no-development-packages-in-src", "src/sim/bad.ts", 'import "chai";'],
  ["no-cycles", "src/errors.ts", 'import "./onnx/model.js"; export class Failure extends Error {}'],
  ["imports-resolve", "src/sim/bad.ts", 'import "./missing.js";'],
];

const LAWFUL_CONTRACTS: Readonly<Record<string, string>> = {
  "contracts/types/Model.sol": "struct Model { uint8 dtype; }",
  "contracts/interfaces/IArbiter.sol": 'import { Model } from "../types/Model.sol"; interface IArbiter {}',
  "contracts/libraries/View.sol": 'import { Model } from "../types/Model.sol"; library View {}',
  "contracts/audit/Arbiter.sol":
    'import { IArbiter } from "../interfaces/IArbiter.sol"; import "../libraries/View.sol";',
  "contracts/registry/Models.sol": 'import { Ownable } from "@openzeppelin/contracts/access/Ownable.sol";',
  "contracts/jobs/Jobs.sol": 'import { IArbiter } from "../interfaces/IArbiter.sol"; import "./part/Part.sol";',
  "contracts/jobs/part/Part.sol": 'import { View } from "../../libraries/View.sol";',
  "contracts/lens/Lens.sol": 'import { IArbiter } from "../interfaces/IArbiter.sol";',
  "contracts/mocks/Toy.sol": 'import { Jobs } from "../jobs/Jobs.sol";',
};

const PLANTED_CONTRACTS: readonly (readonly [file: string, target: string])[] = [
  ["audit/Bad.sol", "../registry/Models.sol"],
  ["audit/Bad.sol", "../staking/Staking.sol"],
  ["audit/Bad.sol", "../jobs/Jobs.sol"],
  ["audit/Bad.sol", "../challenges/Manager.sol"],
  ["audit/Bad.sol", "@openzeppelin/contracts/access/Ownable.sol"],
  ["types/Bad.sol", "../libraries/View.sol"],
  ["types/Bad.sol", "@openzeppelin/contracts/utils/math/Math.sol"],
  ["libraries/Bad.sol", "../interfaces/IArbiter.sol"],
  ["interfaces/Bad.sol", "../jobs/Jobs.sol"],
  ["jobs/Bad.sol", "../lens/Lens.sol"],
  ["jobs/Bad.sol", "../mocks/Toy.sol"],
  ["jobs/Bad.sol", "../registry/Models.sol"],
  ["jobs/Bad.sol", "../audit/Arbiter.sol"],
  ["lens/Bad.sol", "../jobs/Jobs.sol"],
  ["registry/Bad.sol", "../../test/contracts/Helper.sol"],
];

describe("import edges", () => {
  let root: string;

  function plant(files: Readonly<Record<string, string>>): void {
    for (const [file, source] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), `${source}\n`);
    }
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "touchstone-edges-"));
    for (const file of ["package.json", "tsconfig.json"]) copyFileSync(file, join(root, file));
    symlinkSync(join(process.cwd(), "node_modules"), join(root, "node_modules"));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  describe("between TypeScript files", () => {
    it("sees every file of a lawful repository and objects to none", async () => {
      plant(LAWFUL);
      expect(await checkTypeScriptEdges(root)).to.deep.equal({ violations: [], modules: Object.keys(LAWFUL).length });
    });

    for (const [rule, file, source] of PLANTED) {
      it(`${rule}: ${file} with ${source}`, async () => {
        plant({ ...LAWFUL, [file]: source });
        const { violations } = await checkTypeScriptEdges(root);
        expect(violations.filter((violation) => violation.rule === rule).map(({ from }) => from)).to.include(file);
      });
    }
  });

  describe("between contracts", () => {
    it("sees every file of a lawful repository and objects to none", () => {
      plant(LAWFUL_CONTRACTS);
      const modules = Object.keys(LAWFUL_CONTRACTS).length;
      expect(checkSolidityEdges(root)).to.deep.equal({ violations: [], modules });
    });

    for (const [file, target] of PLANTED_CONTRACTS) {
      it(`${file} must not import ${target}`, () => {
        plant({ ...LAWFUL_CONTRACTS, [`contracts/${file}`]: `import { X } from "${target}";` });
        expect(checkSolidityEdges(root).violations.map(({ from }) => from)).to.deep.equal([`contracts/${file}`]);
      });
    }

    it("reads every form of import and nothing that only looks like one", () => {
      const source = `
        // import "comment.sol";
        /* import "block.sol"; */
        pragma solidity 0.8.37;
        import "a.sol";
        import * as B from "b.sol"; import {
            C, // import "c2.sol";
            D as E
        } from 'c//c.sol';
        contract F { string constant g = "; import \\"g.sol\\";"; }
        import {H} from "h//i.sol";`;
      expect(importsOf(source)).to.deep.equal(["a.sol", "b.sol", "c//c.sol", "h//i.sol"]);
    });
  });
});
