// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// An unbound model input and its domain: canonical elements `lo <= x <= hi` (bits of `dtype` in the low bytes).
struct InputSpec {
    uint8 dtype;
    uint64 lo;
    uint64 hi;
    uint32[] shape;
}

/// A model output: the result of `node`, judged within `atol + rtol * |audit value|` (binary32 bits, finite, non-negative).
struct OutputSpec {
    uint8 dtype;
    uint32 node;
    uint32 atol;
    uint32 rtol;
    uint32[] shape;
}

/// All that defines a model's answers; its hash is the content id (docs/audit.md, 5).
struct ModelContent {
    uint16 format;
    bytes32 graphRoot;
    uint32 nodeCount;
    bytes32 weightsRoot;
    bytes32 boundInputs;
    uint8 profile;
    uint32 maxProofBytes;
    uint32 maxProofGas;
    uint8 depth;
    InputSpec[] inputs;
    OutputSpec[] outputs;
}
