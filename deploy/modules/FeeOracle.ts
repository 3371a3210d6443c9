import { buildModule } from "@nomicfoundation/ignition-core";

/** Adapters to the oracle of data prices that a rollup has; each stateless and without an owner. */
export const FEE_ORACLES = {
  OpStackFeeOracle: buildModule("OpStackFeeOracle", (m) => ({ oracle: m.contract("OpStackFeeOracle") })),
  ArbitrumFeeOracle: buildModule("ArbitrumFeeOracle", (m) => ({ oracle: m.contract("ArbitrumFeeOracle") })),
};
