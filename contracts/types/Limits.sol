// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Longest chain of demands (docs/audit.md, 5) that a model may register: three list levels, four tensor levels, the leaf.
uint8 constant L_MAX = 8;

// Most nodes of one audit graph.
uint32 constant MAX_NODES = 1 << 20;

// Root lists of at most this many nodes ride along with a challenge, so that nobody has to demand them.
uint32 constant INLINE_ROOTS = 2048;

// Worst-case proof of one element: half of what networks allow for one transaction.
uint32 constant MAX_PROOF_BYTES = 64 * 1024;
uint32 constant MAX_PROOF_GAS = 8_000_000;

// Most unbound inputs, and most outputs, of one model.
uint8 constant MAX_TENSORS = 64;

// Most extents of one input or output.
uint8 constant MAX_RANK = 16;

// Most elements of one tensor (docs/audit.md, 2).
uint32 constant MAX_ELEMENTS = (1 << 31) - 1;

// Unbonding must outlast the worst-case finality of every claim source by at least this.
uint32 constant UNBONDING_BUFFER = 1 days;
