import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type GraphLayout, type GraphNode, layOut } from '../../webview/plan/layout.ts';
import { sampleSubtasks } from './samples.ts';

const SIZES = { nodeWidth: 100, nodeHeight: 40, layerGap: 30, nodeGap: 10 };

const placed = (layout: GraphLayout) => new Map(layout.nodes.map((node) => [node.id, node]));

/** Any graph, with circles, unknown ids and the same dependency twice. */
const graphs = fc
  .integer({ min: 0, max: 24 })
  .chain((count) =>
    fc.array(fc.array(fc.integer({ min: 0, max: count + 1 }), { maxLength: 4 }), {
      minLength: count,
      maxLength: count,
    }),
  )
  .map((all) => all.map((others, index): GraphNode => ({ id: `n${index}`, dependsOn: others.map((n) => `n${n}`) })));

describe('the layout of a graph', () => {
  it('puts every box right of what it depends on', () => {
    const nodes = placed(layOut(sampleSubtasks(), SIZES));
    for (const { id, dependsOn } of sampleSubtasks()) {
      for (const before of dependsOn) {
        assert.ok((nodes.get(before)?.x ?? 0) + SIZES.nodeWidth < (nodes.get(id)?.x ?? 0), `${before} -> ${id}`);
      }
    }
  });

  it('keeps a chain on one line', () => {
    const chain = ['a', 'b', 'c'].map((id, index, ids) => ({
      id,
      dependsOn: ids.slice(Math.max(0, index - 1), index),
    }));
    const { nodes, height } = layOut(chain, SIZES);
    assert.deepEqual(new Set(nodes.map(({ y }) => y)), new Set([0]));
    assert.equal(height, SIZES.nodeHeight);
  });

  it('is empty for an empty graph', () => {
    assert.deepEqual(layOut([], SIZES), { width: 0, height: 0, nodes: [], edges: [] });
  });

  it('places every box of any graph once, apart from each other and inside the picture', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { nodes, width, height } = layOut(graph, SIZES);
        assert.deepEqual(nodes.map(({ id }) => id).sort(), graph.map(({ id }) => id).sort());
        for (const a of nodes) {
          assert.ok(a.x >= 0 && a.x + SIZES.nodeWidth <= width && a.y >= 0 && a.y + SIZES.nodeHeight <= height + 0.01);
          for (const b of nodes) {
            const apart =
              a === b || a.layer !== b.layer || Math.abs(a.y - b.y) >= SIZES.nodeHeight + SIZES.nodeGap - 0.01;
            assert.ok(apart, `${a.id} and ${b.id} overlap`);
          }
        }
      }),
    );
  });

  it('is the same for the same graph', () => {
    fc.assert(
      fc.property(graphs, (graph) => assert.deepEqual(layOut(graph, SIZES), layOut(graph, SIZES))),
      { numRuns: 20 },
    );
  });

  it('leaves out what would close a circle, and draws the rest', () => {
    const { edges } = layOut(
      [
        { id: 'a', dependsOn: ['b'] },
        { id: 'b', dependsOn: ['a', 'gone'] },
        { id: 'c', dependsOn: ['b'] },
      ],
      SIZES,
    );
    assert.deepEqual(edges.map(({ from, to }) => `${from}>${to}`).sort(), ['b>a', 'b>c']);
  });
});
