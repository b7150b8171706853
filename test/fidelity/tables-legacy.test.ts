import assert from 'node:assert/strict';
import { Query, RelationshipType } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { assertRefused, refused, startServer } from './server.ts';

const place = { databaseId: 'old', collectionId: 'notes' };

describe('Appwrite stand-in: the older databases API', () => {
  let server: FidelityServer;
  beforeEach(async () => {
    server = await startServer();
    await server.databases.create({ databaseId: 'old', name: 'Old' });
    await server.databases.createCollection({ ...place, name: 'Notes', documentSecurity: true });
    await server.databases.createStringAttribute({ ...place, key: 'title', size: 100, required: true });
    await server.databases.listAttributes(place);
  });
  afterEach(() => server.close());

  it('8: a database made through it is of type legacy, and either API opens it', async () => {
    assert.equal((await server.databases.get({ databaseId: 'old' })).type, 'legacy');
    assert.equal((await server.tablesDB.get({ databaseId: 'old' })).type, 'legacy');
    await server.tablesDB.create({ databaseId: 'new', name: 'New' });
    assert.equal((await server.databases.get({ databaseId: 'new' })).type, 'tablesdb');
    assert.equal((await server.databases.list()).total, 2);
  });

  it('9: a collection has attributes and document security where a table has columns and row security', async () => {
    const collection = await server.databases.getCollection(place);
    assert.deepEqual(
      collection.attributes.map(({ key }) => key),
      ['title'],
    );
    assert.equal(collection.documentSecurity, true);
    assert.equal('columns' in collection, false);
    const table = await server.tablesDB.getTable({ databaseId: 'old', tableId: 'notes' });
    assert.deepEqual([table.columns.length, table.rowSecurity], [1, true]);
    assert.equal((await server.databases.listCollections({ databaseId: 'old' })).collections.length, 1);
  });

  it('11: attributes and indexes are made, changed and deleted', async () => {
    const { databases } = server;
    assert.equal(
      (await databases.createIntegerAttribute({ ...place, key: 'rank', required: false })).status,
      'processing',
    );
    await databases.getAttribute({ ...place, key: 'rank' });
    const changed = await databases.updateIntegerAttribute({
      ...place,
      key: 'rank',
      required: false,
      xdefault: 3,
      newKey: 'place',
    });
    assert.deepEqual([changed.key, changed.default], ['place', 3]);
    const index = await databases.createIndex({ ...place, key: 'i', type: 'key' as never, attributes: ['title'] });
    assert.deepEqual(index.attributes, ['title']);
    await databases.listIndexes(place);
    assert.equal((await databases.getIndex({ ...place, key: 'i' })).status, 'available');
    await refused(databases.deleteAttribute({ ...place, key: 'title' }), 409, 'index_dependency');
    await databases.deleteIndex({ ...place, key: 'i' });
    await databases.deleteAttribute({ ...place, key: 'title' });
    await refused(databases.getAttribute({ ...place, key: 'none' }), 404, 'attribute_not_found', /^Attribute/);
  });

  it('14: a relationship names collections', async () => {
    await server.databases.createCollection({ databaseId: 'old', collectionId: 'people', name: 'People' });
    const made = await server.databases.createRelationshipAttribute({
      ...place,
      relatedCollectionId: 'people',
      type: RelationshipType.ManyToOne,
      key: 'owner',
    });
    assert.deepEqual([made.relatedCollection, made.twoWayKey], ['people', 'notes']);
    await server.databases.getAttribute({ ...place, key: 'owner' });
    const changed = await server.databases.updateRelationshipAttribute({ ...place, key: 'owner', newKey: 'keeper' });
    assert.equal(changed.key, 'keeper');
  });

  it('19: documents are the rows', async () => {
    const made = await server.databases.createDocument({ ...place, documentId: 'd', data: { title: 'Documents' } });
    assert.deepEqual([made.$collectionId, '$tableId' in made, made.title], ['notes', false, 'Documents']);
    await server.databases.updateDocument({ ...place, documentId: 'd', data: { title: 'rows' } });
    const queries = [Query.equal('title', 'rows')];
    const { documents, total } = await server.databases.listDocuments({ ...place, queries });
    assert.deepEqual([total, documents[0]?.$id], [1, 'd']);
    const row = await server.tablesDB.getRow({ databaseId: 'old', tableId: 'notes', rowId: 'd' });
    assert.deepEqual([row.title, row.$tableId], ['rows', 'notes']);
    const documentsToMake = [{ $id: 'e', title: 'E' }];
    assert.equal(
      (await server.databases.createDocuments({ ...place, documents: documentsToMake })).documents.length,
      1,
    );
    await server.databases.deleteDocument({ ...place, documentId: 'd' });
    await refused(server.databases.getDocument({ ...place, documentId: 'd' }), 404, 'document_not_found', /^Document/);
  });

  it('21: errors speak of documents, attributes and collections', async () => {
    const create = (body: unknown, collection = 'notes') =>
      server.ask('POST', `/databases/old/collections/${collection}/documents`, { body });
    assertRefused(await create({ documentId: 'x', data: { colour: 1 } }), 400, 'document_invalid_structure');
    assertRefused(await create({ data: { title: 'x' } }), 400, 'document_missing_data');
    assertRefused(
      await create({ documentId: 'x', data: { title: 'x' } }, 'none'),
      404,
      'collection_not_found',
      /^Collection/,
    );
    const nameless = await server.ask('POST', '/databases/old/collections', { body: { name: 'x' } });
    assertRefused(nameless, 400, 'general_argument_invalid', /"collectionId" is not optional/);
    const twice = server.databases.createCollection({ ...place, name: 'Again' });
    await refused(twice, 409, 'collection_already_exists');
  });

  it('32: transactions are the same', async () => {
    const { $id: transactionId } = await server.databases.createTransaction();
    const operations = [
      { databaseId: 'old', collectionId: 'notes', action: 'create', documentId: 'd', data: { title: 'staged' } },
    ];
    await server.databases.createOperations({ transactionId, operations });
    await server.databases.updateTransaction({ transactionId, commit: true });
    assert.equal((await server.databases.getDocument({ ...place, documentId: 'd' })).title, 'staged');
  });

  it('deletes what it has made', async () => {
    await server.databases.deleteCollection(place);
    await refused(server.databases.getCollection(place), 404, 'collection_not_found');
    await server.databases.delete({ databaseId: 'old' });
    await refused(server.tablesDB.get({ databaseId: 'old' }), 404, 'database_not_found');
  });
});
