// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { AuditMoney } from "./AuditMoney.sol";
import { AuditStore } from "./AuditStore.sol";

/// @title AuditLottery
/// @notice See `IAuditLottery`. Draws, reports and money are in the contracts that it inherits.
contract AuditLottery is AuditMoney {
    constructor(IJobEscrow jobs_, IChallengeManager challenges_) AuditStore(jobs_, challenges_) {}
}
