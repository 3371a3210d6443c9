// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Evidence, Facts } from "../types/Evidence.sol";

/// @title The judge of one element
/// @notice Stateless and immutable. Recomputes one element of one node of a model's audit graph from opened operands.
interface IArbiter {
    /// @notice Judges one element of an asserted trace.
    /// @dev Reverts where the evidence is malformed. A node that belongs to the graph but is ill-formed is inconsistent.
    /// @return consistent Whether the asserted bits equal the recomputed ones.
    function check(Facts calldata facts, Evidence calldata evidence) external view returns (bool consistent);

    /// @notice Size of the result tensor of a node that belongs to the graph.
    /// @return elements Number of elements, 0 if the node is ill-formed.
    /// @return dtype Element type of the committed result.
    function resultShape(
        bytes32 graphRoot,
        uint32 nodeCount,
        uint32 nodeIndex,
        bytes calldata node,
        bytes32[] calldata nodeProof
    ) external view returns (uint32 elements, uint8 dtype);
}
