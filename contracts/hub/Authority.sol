// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { AccessManager } from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Who is governor and guardian
/// @notice OpenZeppelin's access manager, unchanged. A contract of our own, because generated types of a package's contract
/// would move those of all others into other folders.
contract Authority is AccessManager {
    /// @param admin Hands out the roles.
    constructor(address admin) AccessManager(admin) {}
}
