/**
 * Places of the boxes and lines of a graph in layers, from left to right: a box stands right of everything that it depends on.
 * Pure, the same for the same input, and defined for any input: unknown ids and what would close a circle are left out.
 */
export interface GraphNode {
  id: string;
  dependsOn: readonly string[];
}

export interface GraphSizes {
  nodeWidth: number;
  nodeHeight: number;
  /** Between layers; lines run there. */
  layerGap: number;
  /** Between boxes of a layer. */
  nodeGap: number;
}

interface PlacedNode {
  id: string;
  /** Top left corner. */
  x: number;
  y: number;
  layer: number;
}

interface PlacedEdge {
  from: string;
  to: string;
  /** Path data of SVG. */
  path: string;
}

export interface GraphLayout {
  width: number;
  height: number;
  /** By layer, then from top to bottom. */
  nodes: PlacedNode[];
  edges: PlacedEdge[];
}

/** A box, or a place where a line passes through a layer. */
interface Item {
  key: string;
  layer: number;
  height: number;
  before: Item[];
  after: Item[];
  y: number;
}

const SWEEPS = 6;
const PASS_HEIGHT = 10;

export function layOut(nodes: readonly GraphNode[], sizes: GraphSizes): GraphLayout {
  const before = withoutCircles(nodes);
  const layerOf = layersOf(nodes, before);
  const { items, chains } = makeItems(nodes, before, layerOf, sizes);
  const layers = inLayers(items);
  orderLayers(layers);
  placeLayers(layers, sizes);
  const step = sizes.nodeWidth + sizes.layerGap;
  const top = Math.min(0, ...items.map(({ y }) => y));
  for (const item of items) item.y -= top;
  const boxes = items.filter(({ key }) => before.has(key));
  return {
    width: layers.length === 0 ? 0 : layers.length * step - sizes.layerGap,
    height: Math.max(0, ...items.map(({ y, height }) => y + height)),
    nodes: layers
      .flat()
      .filter((item) => boxes.includes(item))
      .map(({ key, layer, y }) => ({ id: key, x: layer * step, y, layer })),
    edges: chains.map((chain) => ({
      from: chain[0]?.key ?? '',
      to: chain.at(-1)?.key ?? '',
      path: pathOf(chain, sizes),
    })),
  };
}

/** What each node depends on, less what is not there and what would close a circle. */
function withoutCircles(nodes: readonly GraphNode[]): Map<string, string[]> {
  const wanted = new Map(nodes.map(({ id, dependsOn }) => [id, dependsOn]));
  const kept = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string) => {
    state.set(id, 'open');
    for (const other of new Set(wanted.get(id) ?? [])) {
      if (!wanted.has(other) || state.get(other) === 'open') continue;
      kept.get(id)?.push(other);
      if (!state.has(other)) visit(other);
    }
    state.set(id, 'done');
  };
  for (const { id } of nodes) if (!state.has(id)) visit(id);
  return kept;
}

/** The longest way from a node that depends on nothing. */
function layersOf(nodes: readonly GraphNode[], before: ReadonlyMap<string, string[]>): Map<string, number> {
  const layers = new Map<string, number>();
  const visit = (id: string): number => {
    const known = layers.get(id);
    if (known !== undefined) return known;
    const layer = Math.max(-1, ...(before.get(id) ?? []).map(visit)) + 1;
    layers.set(id, layer);
    return layer;
  };
  for (const { id } of nodes) visit(id);
  return layers;
}

function makeItems(
  nodes: readonly GraphNode[],
  before: ReadonlyMap<string, string[]>,
  layerOf: ReadonlyMap<string, number>,
  sizes: GraphSizes,
): { items: Item[]; chains: Item[][] } {
  const items: Item[] = [];
  const add = (key: string, layer: number, height: number): Item => {
    const item: Item = { key, layer, height, before: [], after: [], y: 0 };
    items.push(item);
    return item;
  };
  const boxes = new Map(nodes.map(({ id }) => [id, add(id, layerOf.get(id) ?? 0, sizes.nodeHeight)]));
  const chains: Item[][] = [];
  for (const [id, box] of boxes) {
    for (const other of before.get(id) ?? []) {
      const from = boxes.get(other);
      if (from === undefined) continue;
      const chain = [from];
      for (let layer = from.layer + 1; layer < box.layer; layer += 1) {
        chain.push(add(`${other}\u0000${id}\u0000${layer}`, layer, PASS_HEIGHT));
      }
      chain.push(box);
      chains.push(chain);
      for (const [index, item] of chain.entries()) {
        const next = chain[index + 1];
        if (next === undefined) continue;
        item.after.push(next);
        next.before.push(item);
      }
    }
  }
  return { items, chains };
}

function inLayers(items: readonly Item[]): Item[][] {
  const layers: Item[][] = [];
  for (const item of items) {
    const layer = layers[item.layer] ?? [];
    layer.push(item);
    layers[item.layer] = layer;
  }
  return layers;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Puts the items of each layer where their neighbours are, so that few lines cross. */
function orderLayers(layers: Item[][]): void {
  const sort = (layer: Item[], neighbours: 'before' | 'after') => {
    const places = new Map(layers.flatMap((items) => items.map((item, index) => [item, index] as const)));
    const wanted = new Map(
      layer.map((item, index) => {
        const at = item[neighbours].map((other) => places.get(other) ?? 0);
        return [item, at.length === 0 ? index : mean(at)];
      }),
    );
    layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const layer of layers.slice(1)) sort(layer, 'before');
    for (const layer of layers.slice(0, -1).reverse()) sort(layer, 'after');
  }
  for (const layer of layers.slice(1)) sort(layer, 'before');
}

const centre = (item: Item) => item.y + item.height / 2;

/** Moves items toward the middle of their neighbours; order and gaps within a layer stay. */
function placeLayers(layers: Item[][], { nodeGap }: GraphSizes): void {
  const stack = (layer: Item[], wantedTop: (item: Item) => number) => {
    const wanted = layer.map(wantedTop);
    let bottom = Number.NEGATIVE_INFINITY;
    for (const [index, item] of layer.entries()) {
      item.y = Math.max(wanted[index] ?? 0, bottom);
      bottom = item.y + item.height + nodeGap;
    }
    // Boxes were only pushed down: take the layer back up by what it was pushed on average.
    const pushed = mean(layer.map((item, index) => item.y - (wanted[index] ?? 0)));
    for (const item of layer) item.y -= pushed;
  };
  const total = (layer: Item[]) => layer.reduce((sum, { height }) => sum + height + nodeGap, -nodeGap);
  for (const layer of layers) {
    let y = -total(layer) / 2;
    for (const item of layer) {
      item.y = y;
      y += item.height + nodeGap;
    }
  }
  const pull = (layer: Item[], neighbours: 'before' | 'after') =>
    stack(layer, (item) =>
      item[neighbours].length === 0 ? item.y : mean(item[neighbours].map(centre)) - item.height / 2,
    );
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const layer of layers.slice(0, -1).reverse()) pull(layer, 'after');
    for (const layer of layers.slice(1)) pull(layer, 'before');
  }
}

/** A soft line from the right side of a box, through its places in the layers between, to the left side of another. */
function pathOf(chain: readonly Item[], { nodeWidth, layerGap }: GraphSizes): string {
  const step = nodeWidth + layerGap;
  const round = (value: number) => Math.round(value * 10) / 10;
  const parts: string[] = [];
  let x = 0;
  let y = 0;
  for (const [index, item] of chain.entries()) {
    const left = item.layer * step;
    const middle = round(centre(item));
    if (index > 0) {
      const bend = round((x + left) / 2);
      parts.push(`C${bend},${y} ${bend},${middle} ${left},${middle}`);
    }
    x = left + nodeWidth;
    y = middle;
    if (index === 0) parts.push(`M${x},${y}`);
    else if (index < chain.length - 1) parts.push(`L${x},${y}`);
  }
  return parts.join(' ');
}
