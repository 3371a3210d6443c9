// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// What can be malformed in evidence (docs/audit.md, 6), in the order in which it is checked. Proofs that do not fit their
// tree have errors of their own in libraries/TensorTree.sol.

/// There is no such node in the model.
error NodeIndexOutOfRange(uint256 nodeIndex, uint256 nodeCount);

/// The node's encoding and proof do not lead to the graph root.
error NodeNotInGraph(uint256 nodeIndex);

/// The input roots are not those of the claim, or not as many as the model has inputs.
error InputRootsMismatch();

/// `operandOpenings` needs one byte per operand.
error OperandOpeningsLength(uint256 given, uint256 operands);

/// An operand node is given for an operand that reads no node, or for none.
error OperandNotNode(uint256 operand);

/// The operand node's encoding and proof do not lead to the graph root.
error OperandNodeNotInGraph(uint256 operand);

/// There is no such element in the node's result.
error ElementOutOfRange(uint256 element, uint256 elements);

/// An operand names an opening that is not there.
error UnknownOpening(uint256 operand, uint256 opening);

/// Operands that state different tensors name one opening.
error OpeningShared(uint256 operand, uint256 opening);

/// The opening's root is not that of the input or weight.
error OpeningRootMismatch(uint256 opening);

/// Only tensors of the trace come with a list proof.
error UnexpectedListProof(uint256 opening);

/// The opening's root and proof do not lead to the trace root.
error OpeningNotInTrace(uint256 opening);

/// A range starts before the end of the one before it.
error RangesOutOfOrder(uint256 opening, uint256 range);

/// The leaves and proof of a range do not lead to the opening's root.
error LeavesNotInTensor(uint256 opening, uint256 range);

/// An element is read that no range of the tensor's opening covers.
error ElementNotOpened(uint256 element);

/// The root of the node's result and its proof do not lead to the trace root.
error ResultNotInTrace(uint256 nodeIndex);

/// The leaf of the node's result and its proof do not lead to the root of the result.
error ResultLeafNotInTensor(uint256 leaf);
