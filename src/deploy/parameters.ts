import { readFileSync } from "node:fs";

import { isAddress } from "ethers";
import { z } from "zod";

import { TouchstoneError, messageOf } from "../errors.js";
import { faultsOf } from "../faults.js";
import type { DeploymentNetwork } from "./networks.js";

/** Values of the suite's module by name. */
export type Parameters = Readonly<Record<string, number | bigint | string | boolean>>;

/** Whole numbers beyond what JSON holds exactly are strings that end in n, as Ignition writes them. */
const value = z.union([
  z.number().int().nonnegative(),
  z.boolean(),
  z
    .string()
    .regex(/^\d+n$/)
    .transform((text) => BigInt(text.slice(0, -1))),
  z.string().refine((text) => isAddress(text), "must be a number, digits with n, true, false or an address"),
]);

const file = z.strictObject({ Touchstone: z.record(z.string(), value) });

/**
 * Reads a parameter file.
 * @throws TouchstoneError `PARAMETERS_INVALID`.
 */
export function readParameterFile(path: string): Parameters {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TouchstoneError("PARAMETERS_INVALID", `Cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    throw new TouchstoneError("PARAMETERS_INVALID", `${path}: ${faultsOf(parsed.error)}`, {
      next: 'Write { "Touchstone": { name: value, ... } } as in deploy/parameters/.',
    });
  }
  return parsed.data.Touchstone;
}

/**
 * What a network is deployed with: the file that all share, what the network needs otherwise, and what the deployer says.
 * @throws TouchstoneError `PARAMETERS_INVALID` for a name that the file does not have.
 */
export function parametersFor(network: DeploymentNetwork, folder: string, own: Parameters = {}): Parameters {
  const shared = readParameterFile(`${folder}/${network.parameterFile}`);
  for (const name of Object.keys({ ...network.parameters, ...own })) {
    if (!(name in shared)) {
      throw new TouchstoneError("PARAMETERS_INVALID", `There is no parameter "${name}".`, {
        next: `Take names from deploy/parameters/${network.parameterFile}.`,
      });
    }
  }
  return { ...shared, ...network.parameters, ...own };
}
