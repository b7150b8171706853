import assert from 'node:assert/strict';
import { type AppwriteRig, signal, startRig } from '../faults/appwrite-rig.ts';
import {
  askDomain,
  column,
  eventually,
  functionNeed,
  makeFolder,
  needsOf,
  placeAt,
  siteNeed,
  table,
} from './deployer-support.ts';

const SERVER = `
const { createServer } = require('node:http');
createServer((request, response) => response.end(request.url + ' ' + process.env.MODE)).listen(process.env.PORT, process.env.HOST);
`;

describe('Deployer: what runs afterwards', () => {
  let rig: AppwriteRig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig.close());

  it('is a site that renders on its own server, with its start command and variables', async () => {
    const source = await makeFolder({ 'build/custom.cjs': SERVER });
    const need = siteNeed({
      ...{ id: 'shop', framework: 'remix', adapter: 'ssr', outputDirectory: './build' },
      ...{ buildCommand: 'true', startCommand: 'node custom.cjs', buildRuntime: 'node-22' },
      ...{ variables: [{ key: 'MODE', value: 'prod' }], specification: 's-1vcpu-1gb' },
    });
    const deploy = async (change = need) => {
      const known = await rig.deployer.knownDeployments('site', 'shop', signal);
      return rig.deployer.deploySite(change, placeAt('shop'), source.dir, known, signal);
    };
    const { url } = await deploy();
    assert.equal((await askDomain(`${url}/a`)).text, '/a prod');
    const site = await rig.sdk.sites.get({ siteId: 'shop' });
    assert.deepEqual(
      [site.adapter, site.startCommand, site.buildSpecification, site.runtimeSpecification],
      ['ssr', 'node custom.cjs', 's-1vcpu-1gb', 's-1vcpu-1gb'],
    );
    await deploy({ ...need, variables: [{ key: 'MODE', value: 'test' }] });
    assert.equal((await askDomain(`${url}/b`)).text, '/b test');
    await source.remove();
  });

  it('is a function that rows of the real database start, whatever the plan called it', async () => {
    await rig.sdk.tablesDB.create({ databaseId: 'crew', name: 'Of somebody else' });
    const needs = needsOf({ databaseId: 'crew', tables: [table('tasks', [column('title')])] });
    const place = await rig.deployer.place({ kind: 'database', id: 'crew', name: 'Crew' }, 'acme', signal);
    assert.equal(place.id, 'crew-2');
    await rig.deployer.applyDatabase(needs, place, 'Crew', { destructive: false }, signal);
    const need = functionNeed({ id: 'on-task', events: ['databases.crew.tables.tasks.rows.*.create'] });
    const given = { APPWRITE_DATABASE_ID: place.id };
    await rig.deployer.deployFunction(need, placeAt('on-task'), rig.source.dir, [], given, signal);
    await rig.sdk.tablesDB.createRow({ databaseId: place.id, tableId: 'tasks', rowId: 'r', data: { title: 'a' } });
    const execution = await eventually('the execution', async () => {
      const { executions } = await rig.sdk.functions.listExecutions({ functionId: 'on-task' });
      return executions.find(({ status }) => status === 'completed') ?? null;
    });
    assert.equal(execution.trigger, 'event');
  });
});
