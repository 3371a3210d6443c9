// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Consecutive 256-byte leaves of one tensor, `leaves.length` a multiple of 256, with their range proof (docs/audit.md, 2).
struct LeafRange {
    uint32 first;
    bytes leaves;
    bytes32[] proof;
}

/// Memory of one tensor that operands read. For a node's result, `listProof` opens `root` under the trace root; for
/// a model input the root is checked against `inputRoots`, for a weight against the node's own encoding (no list proof).
struct Opening {
    bytes32 root;
    bytes32[] listProof;
    LeafRange[] ranges;
}

/// The asserted value of the element in dispute: one leaf of the node's result tensor.
struct ResultOpening {
    bytes32 root;
    bytes32[] listProof;
    bytes leaf;
    bytes32[] proof;
}

/// Everything needed to recompute one element of one node.
struct Evidence {
    uint32 nodeIndex;
    uint32 element;
    bytes node;
    bytes32[] nodeProof;
    bytes32[] inputRoots;
    Opening[] openings;
    /// One byte per operand in order: the number of its opening, 255 for none.
    bytes operandOpenings;
    ResultOpening result;
    /// Encodings of nodes read by operands whose stated size or dtype is disputed; empty otherwise.
    OperandNode[] operandNodes;
}

/// Shows the size and dtype of the tensor that operand number `operand` reads.
struct OperandNode {
    uint8 operand;
    bytes node;
    bytes32[] nodeProof;
}

/// What a model and a claim fix; the Arbiter trusts its caller for these.
struct Facts {
    bytes32 graphRoot;
    uint32 nodeCount;
    /// L, the longest chain of demands registered with the model.
    uint8 depth;
    bytes32 inputsRoot;
    bytes32 traceRoot;
    /// Element count of every unbound input, in order.
    uint32[] inputSizes;
    /// One dtype code per unbound input.
    bytes inputDtypes;
}
