// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { AccessManager } from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import { Hub } from "../../contracts/hub/Hub.sol";
import {
    ChallengeParams,
    JobParams,
    LotteryParams,
    Parameters,
    ReceiptParams,
    StakingParams
} from "../../contracts/types/Parameters.sol";

/// @notice Hubs for tests, with parameters that are valid and short.
library Hubs {
    uint32 internal constant UNBONDING = 15 days;

    /// @param admin Seals, and has every role.
    function create(address admin) internal returns (Hub) {
        return new Hub(admin, address(new AccessManager(admin)), 6 hours, 1 days, parameters());
    }

    function parameters() internal pure returns (Parameters memory) {
        return
            Parameters({
                staking: StakingParams({
                    unbonding: UNBONDING,
                    commissionDelay: 7 days,
                    jailTime: 1 days,
                    strikesToJail: 3,
                    releaseFee: 5,
                    minDelegation: 10
                }),
                jobs: JobParams({
                    challengeWindow: 1 days,
                    maxDuration: 1 days,
                    lockFloor: 1e18,
                    auditShare: 500,
                    missPenalty: 100,
                    maxCallbackGas: 2_000_000
                }),
                receipts: ReceiptParams({
                    challengeWindow: 3 days,
                    maxReservation: 30 days,
                    payerThaw: 14 days,
                    reservationFloor: 1e18
                }),
                challenges: ChallengeParams({
                    refutationWindow: 1 days,
                    supplyWindow: 12 hours,
                    graceWindow: 12 hours,
                    airGap: 12 hours,
                    bondFloor: 0.01 ether,
                    priceMultiple: 4,
                    baseFeeFloor: 1 gwei,
                    dataPrice: 0,
                    feeOracle: address(0)
                }),
                lottery: LotteryParams({ probability: 10_000, auditors: 3, auditStake: 1e18 })
            });
    }
}
