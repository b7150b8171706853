import assert from 'node:assert/strict';
import { ColumnNeed, IndexNeed } from './deployment-needs.ts';
import { columnNotation, indexNotation } from './needs-notation.ts';

const column = (more: Partial<ColumnNeed>) =>
  columnNotation(ColumnNeed.parse({ key: 'k', type: 'string', size: null, required: true, ...more }));
const index = (more: Partial<IndexNeed>) =>
  indexNotation(IndexNeed.parse({ key: 'k', type: 'key', columns: ['a'], ...more }));

describe('the notation of data needs', () => {
  it('has the type of a column with its size, and whether it is a list', () => {
    assert.equal(column({ type: 'varchar', size: 128 }), 'varchar(128)');
    assert.equal(column({ type: 'string', size: 64, array: true }), 'string(64)[]');
    assert.equal(column({ type: 'boolean' }), 'boolean');
  });

  it('has what a value may be', () => {
    assert.equal(column({ type: 'enum', elements: ['open', 'done'] }), 'enum (open | done)');
    assert.equal(column({ type: 'integer', min: 0, max: 10, array: true }), 'integer[] (0 … 10)');
    assert.equal(column({ type: 'integer', min: 0 }), 'integer (0 …)');
    assert.equal(column({ type: 'double', max: 1.5 }), 'double (… 1.5)');
  });

  it('has where a relationship leads', () => {
    const relationship = { table: 'users', kind: 'manyToOne', twoWayKey: null, onDelete: 'setNull' } as const;
    assert.equal(column({ type: 'relationship', relationship }), 'relationship → users (manyToOne, setNull)');
    assert.equal(
      column({ type: 'relationship', relationship: { ...relationship, twoWayKey: 'notes', onDelete: 'cascade' } }),
      'relationship → users (manyToOne, cascade, back: notes)',
    );
  });

  it('has the columns of an index with what is not ascending', () => {
    assert.equal(
      index({ type: 'unique', columns: ['author', 'at'], orders: ['asc', 'desc'] }),
      'unique (author, at desc)',
    );
    assert.equal(index({ columns: ['a', 'b'] }), 'key (a, b)');
  });
});
