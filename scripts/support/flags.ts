import { TouchstoneError } from "../../src/errors.js";

/** Parses the value of an option `--<flag>` that takes a whole number from 1 to `most`. */
export const whole =
  (flag: string, most: number) =>
  (text: string): number => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= 1 && n <= most) return n;
    throw new TouchstoneError("OPTION_INVALID", `--${flag} is ${text}`, {
      next: `Give a whole number from 1 to ${most}.`,
    });
  };
