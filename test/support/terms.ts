import { ZeroAddress, ZeroHash } from "ethers";

import type { JobTermsStruct } from "../../typechain-types/jobs/JobEscrow.js";

/** Terms of no job. */
export const NO_TERMS: JobTermsStruct = {
  modelId: ZeroHash,
  operator: ZeroAddress,
  consumer: ZeroAddress,
  nonce: 0,
  inputsRoot: ZeroHash,
  currency: ZeroAddress,
  fee: 0,
  gasFee: 0,
  lock: 0,
  duration: 0,
  publisher: ZeroAddress,
  royalty: 0,
  auditShare: 0,
  missPenalty: 0,
  callback: ZeroAddress,
  callbackGas: 0,
  callbackFee: 0,
};
