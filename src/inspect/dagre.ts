import * as dagre from "@dagrejs/dagre";

/** The part of dagre that is used. Its own declarations name files without endings, which TypeScript does not resolve here. */
interface DagreGraph {
  setGraph(settings: { rankdir: "TB"; ranksep: number; nodesep: number; marginx: number; marginy: number }): void;
  setDefaultEdgeLabel(label: () => object): void;
  setNode(id: string, size: { width: number; height: number }): void;
  setEdge(from: string, to: string): void;
  /** After layout: the size of the whole. */
  graph(): { width?: number; height?: number };
  /** After layout: the centre of a node. */
  node(id: string): { x: number; y: number; width: number; height: number };
  edges(): readonly { v: string; w: string }[];
  edge(edge: { v: string; w: string }): { points: readonly { x: number; y: number }[] };
}

/** Layered layout of directed graphs, after Gansner et al., "A Technique for Drawing Directed Graphs". */
export const { Graph, layout } = dagre as unknown as {
  readonly Graph: new () => DagreGraph;
  /** Gives every node and edge its place. */
  readonly layout: (graph: DagreGraph) => void;
};
