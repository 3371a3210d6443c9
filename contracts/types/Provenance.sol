// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Where a model comes from. Bound to the registration, not to the content id: the chain can't check any of it, so whoever
/// uses a model recompiles the ONNX file and compares content ids.
struct Provenance {
    /// SHA-256 of the ONNX file.
    bytes32 sha256Hash;
    /// The model version that this one succeeds or derives from; zero for a first version.
    bytes32 parent;
    /// IPFS CIDv1 of the ONNX file, as text.
    string cid;
    /// SPDX expression, or a URL.
    string licence;
    /// Name for people; not unique.
    string name;
    /// Where else to fetch the file or read about it; may be empty.
    string uri;
}
