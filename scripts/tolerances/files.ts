import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { format, resolveConfig } from "prettier";

import type { Calibration } from "../../src/calibrate/calibrate.js";
import type { HuntReport } from "../../src/calibrate/hunter.js";
import type { Findings } from "../../src/sim/study/experiment.js";
import type { Margins } from "../../src/sim/study/margins.js";
import { parseStudy, readSubject, type StudyModel, type Subject } from "../../src/sim/study/subject.js";

/** What each step finds about a model. */
export interface Found {
  readonly calibration: Calibration;
  readonly experiment: StoredFindings;
  readonly hunt: HuntReport;
  readonly margins: Margins;
}

export type Step = keyof Found;

/** Findings belong to a tolerance. */
export interface StoredFindings extends Findings {
  readonly atol: readonly number[];
}

/** A folder with `models.json`, which lists the models of a study, and what was found about each. */
export interface Study {
  readonly models: readonly StudyModel[];
  /** Those of the models that lie in `folder`; says which do not. */
  subjects(folder: string): Subject[];
  read<S extends Step>(name: string, step: S): Found[S] | undefined;
  write<S extends Step>(name: string, step: S, found: Found[S]): Promise<void>;
  /** A file beside those of the steps. */
  writeFile(name: string, file: string, text: string): void;
}

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** @param only names of models; all without it */
export function openStudy(root: string, only?: readonly string[]): Study {
  const models = parseStudy(readFileSync(join(root, "models.json"), "utf8")).filter(
    ({ name }) => only === undefined || only.includes(name),
  );
  const writeFile: Study["writeFile"] = (name, file, text) => {
    mkdirSync(join(root, name), { recursive: true });
    const path = join(root, name, file);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  return {
    models,
    subjects: (folder) =>
      models.flatMap((settings) => {
        const subject = readSubject(folder, settings);
        if (subject === undefined) say(`SKIPPING ${settings.name}: ${folder} does not hold it`);
        return subject ?? [];
      }),
    read: <S extends Step>(name: string, step: S) => {
      const path = join(root, name, `${step}.json`);
      return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Found[S]) : undefined;
    },
    write: async (name, step, found) => {
      const style = await resolveConfig("package.json");
      writeFile(name, `${step}.json`, await format(JSON.stringify(found), { ...style, parser: "json" }));
    },
    writeFile,
  };
}
