import * as ort from "onnxruntime-node";

/** Execution providers that the installed native runtime was built with: cpu always, others need their own libraries. */
export const availableProviders = (): string[] => ort.listSupportedBackends().map(({ name }) => name);
