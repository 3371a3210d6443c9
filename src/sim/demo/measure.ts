import { draftManifest } from "../../calibrate/draft.js";
import { type Distribution, largestOf, medianOf } from "../../calibrate/distribution.js";
import type { DigitModel } from "../digits.js";

/** How far honest and cheaper runtimes are from the exact answer on this machine, on the digits and some generated inputs. */
export interface Measured {
  /** Published tolerance. */
  readonly tolerance: number;
  /** Largest distance of any honest runtime. */
  readonly noise: number;
  /** The cheaper version that comes closest, and its median distance. */
  readonly substitute: { readonly label: string; readonly error: number };
  readonly inputs: number;
}

/** Generated inputs of each kind; the published tolerance was calibrated with more. */
const PER_KIND = 2;

const closest = (found: readonly Distribution[]): { label: string; error: number } =>
  found
    .map((each) => ({ label: each.label, error: medianOf(each, 0) }))
    .reduce((a, b) => (b.error < a.error ? b : a), { label: "none", error: Infinity });

/** Repeats the publisher's calibration on a few inputs. */
export async function measureHere({ bytes, manifest, digits }: DigitModel, seed: number): Promise<Measured> {
  const { name, licence } = manifest;
  const input = manifest.inputs[0]?.name ?? "";
  const { calibration } = await draftManifest({
    bytes,
    name,
    licence,
    domains: { [input]: { lo: 0, hi: 255 } },
    shapes: {},
    bound: {},
    supplied: digits.map(({ image }) => [image]),
    perKind: PER_KIND,
    searchRounds: 0,
    seed,
  });
  return {
    tolerance: manifest.outputs[0]?.atol ?? 0,
    noise: Math.max(...calibration.honest.map((each) => largestOf(each, 0))),
    substitute: closest(calibration.substitutes),
    inputs: Object.values(calibration.inputs).reduce((a, b) => a + b, 0),
  };
}
