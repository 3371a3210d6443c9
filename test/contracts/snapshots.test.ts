import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { Interface, type JsonFragment } from "ethers";
import hre from "hardhat";

import { expectSnapshot, type Snapshot } from "../../scripts/checks/snapshot.js";

/** Largest runtime code that chains accept (EIP-170). */
const MAX_CODE = 24_576;

/** Code of interfaces and abstract contracts (none), and of libraries without external functions, in hex digits. */
const STUB = 400;

interface Member {
  readonly label: string;
  readonly slot: string;
  readonly offset: number;
  readonly type: string;
}

interface Layout {
  readonly storage: readonly Member[];
  readonly types: Readonly<Record<string, { readonly label: string; readonly members?: readonly Member[] }>> | null;
}

/** Contracts that are deployed, by name: no interfaces, libraries, abstract contracts, examples or test contracts. */
async function deployables(): Promise<string[]> {
  const names = [...(await hre.artifacts.getAllFullyQualifiedNames())];
  const own = names.filter(
    (name) => name.startsWith("contracts/") && !/^contracts\/(mocks|libraries|examples)\//.test(name),
  );
  const artifacts = await Promise.all(own.map((name) => hre.artifacts.readArtifact(name)));
  return own.filter((_, i) => artifacts[i]!.deployedBytecode.length > STUB).sort();
}

const shortName = (qualified: string): string => qualified.split(":")[1]!;

/** Compiler outputs are large and shared by many contracts. */
const outputs = new Map<
  string,
  { output: { contracts: Record<string, Record<string, { storageLayout?: Layout }>> } }
>();

async function layoutOf(qualified: string): Promise<Layout> {
  const id = (await hre.artifacts.getBuildInfoId(qualified))!;
  if (!outputs.has(id)) {
    outputs.set(id, JSON.parse(await readFile((await hre.artifacts.getBuildInfoOutputPath(id))!, "utf8")) as never);
  }
  const [source, name] = qualified.split(":") as [string, string];
  const layout = outputs.get(id)!.output.contracts[`project/${source}`]?.[name]?.storageLayout;
  if (layout === undefined) throw new Error(`${qualified} was compiled without its storage layout`);
  return layout;
}

/** Slots of the contract's own variables and of every struct, by names that don't change with the compilation. */
function describeLayout({ storage, types }: Layout): Snapshot {
  const label = (type: string): string => types?.[type]?.label ?? type;
  const place = ({ label: name, slot, offset, type }: Member): string => `${slot}+${offset} ${name}: ${label(type)}`;
  const structs = Object.values(types ?? {}).filter(({ members }) => members !== undefined);
  return {
    variables: storage.map(place),
    structs: Object.fromEntries(structs.map(({ label: name, members }) => [name, members!.map(place)])),
  };
}

describe("committed interfaces and layouts", () => {
  let names: string[];

  before(async () => {
    names = await deployables();
  });

  it("storage layouts are those in snapshots/layouts.json", async () => {
    const layouts: Record<string, Snapshot> = {};
    for (const name of names) {
      const layout = await layoutOf(name);
      if (layout.storage.length > 0) layouts[shortName(name)] = describeLayout(layout);
    }
    expect(Object.keys(layouts)).to.include("OperatorStaking");
    expectSnapshot("layouts", layouts);
  });

  it("functions, events and errors are those in snapshots/abi", async () => {
    for (const name of names) {
      const { abi } = await hre.artifacts.readArtifact(name);
      const fragments = new Interface(abi as readonly JsonFragment[]).format();
      expectSnapshot(`abi/${shortName(name)}`, [...fragments].sort());
    }
  });

  it("every deployed contract fits a chain's limit", async () => {
    for (const name of names) {
      const { deployedBytecode } = await hre.artifacts.readArtifact(name);
      expect((deployedBytecode.length - 2) / 2, name).to.be.at.most(MAX_CODE);
    }
  });
});
