import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const noBareError = {
  selector: "NewExpression[callee.name=/^(Error|TypeError|RangeError)$/]",
  message: "Throw a TouchstoneError (src/errors.ts), with a code and the reader's next step.",
};
const noBareErrorCall = {
  selector: "ThrowStatement > CallExpression[callee.name='Error']",
  message: noBareError.message,
};
const noEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: "Only src/config reads the environment.",
};
const noReexportAll = {
  selector: "ExportAllDeclaration",
  message: "No barrels: import from the file that defines the name.",
};

/** Node modules and globals that would make the audit machine depend on anything but its arguments. */
const impureGlobals = [
  "process",
  "fetch",
  "performance",
  "Date",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "crypto",
].map((name) => ({ name, message: "src/audit and src/onnx are pure: pass it as an argument." }));

export default defineConfig(
  {
    ignores: ["artifacts/", "cache/", "coverage/", "typechain-types/", "**/gen/", ".touchstone/", "**/assembly/"],
  },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // With noUncheckedIndexedAccess every array read in a numeric kernel would need a branch that can't be taken.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-syntax": ["error", noBareError, noBareErrorCall, noEnvironment, noReexportAll],
    },
  },
  {
    files: ["src/config/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", noBareError, noBareErrorCall, noReexportAll] },
  },
  {
    files: ["src/cli/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: ["src/audit/**/*.ts", "src/onnx/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...impureGlobals],
      "no-restricted-properties": ["error", { object: "Math", property: "random" }],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Chai's assertions are expressions, and its spies and matchers are methods read without a call.
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
);
