import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployer, Place, PlaceRequest } from '../../src/core/ports.ts';
import type { DeploymentNeeds, FunctionNeed, TableNeed } from '../../src/protocol/deployment-needs.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { Deployment } from '../../src/protocol/work.ts';
import { useTraffic } from '../specs/traffic.ts';
import { type Subject, subjects } from './deployer-subjects.ts';
import { column, functionNeed, index, makeFolder, needsOf, placeAt, siteNeed, table } from './deployer-support.ts';

const careful = { destructive: false };

const notes: TableNeed = table(
  'notes',
  [
    column('title', { size: 200, required: true }),
    column('rank', { type: 'integer' }),
    column('score', { type: 'double' }),
    column('done', { type: 'boolean' }),
    column('due', { type: 'datetime' }),
  ],
  {
    name: 'Notes',
    indexes: [index('by_title', ['title'], { type: 'unique' })],
    permissions: ['read("any")', 'write("users")'],
  },
);
const needs: DeploymentNeeds = needsOf({ databaseId: 'main', tables: [notes] });

for (const [name, start] of Object.entries(subjects)) {
  describe(`Deployer contract: ${name}`, () => {
    const signal = new AbortController().signal;
    const watch = useTraffic({ requests: 'all' });
    let subject: Subject;
    let source: Awaited<ReturnType<typeof makeFolder>>;
    let deployer: Deployer;

    before(async () => {
      subject = await start(watch);
      deployer = subject.deployer;
      source = await makeFolder({
        'main.js': 'export default async ({ res }) => res.text("hello");\n',
        'index.html': '<!doctype html><title>Site</title>',
      });
    });
    after(async () => {
      await subject.close();
      await source.remove();
    });

    const deployApi = async (need: FunctionNeed, variables: Record<string, string>) => {
      const known = await deployer.knownDeployments('function', need.id, signal);
      return deployer.deployFunction(need, placeAt(need.id), source.dir, known, variables, signal);
    };

    it('creates the database and says what it made, and finds nothing to do the second time', async () => {
      const first = await deployer.applyDatabase(needs, placeAt('main'), 'Main', careful, signal);
      assert.equal(first.kind, 'database');
      assert.equal(first.id, 'main');
      assert.equal(first.status, 'ready');
      assert.equal(first.deploymentId, null);
      assert.match(first.logTail, /created table main\/notes/);
      assert.equal(first.mark, 'tests/main');
      const second = await deployer.applyDatabase(needs, placeAt('main'), 'Main', careful, signal);
      assert.deepEqual([second.logTail, second.changes], ['', []]);
    });

    it('adds what a later plan needs', async () => {
      const more = {
        ...notes,
        columns: [...notes.columns, column('tag', { size: 40 })],
        indexes: [...notes.indexes, index('by_tag', ['tag'])],
      };
      const grown = await deployer.applyDatabase(
        needsOf({ databaseId: 'main', tables: [more] }),
        placeAt('main'),
        'Main',
        careful,
        signal,
      );
      assert.match(grown.logTail, /created column main\/notes\/tag.*\ncreated index main\/notes\/by_tag/);
    });

    it('refuses tables without a database', async () => {
      await assert.rejects(
        deployer.applyDatabase({ ...needs, databaseId: null }, placeAt('main'), 'Main', careful, signal),
        (error) => {
          assert.ok(error instanceof AppError);
          assert.equal(error.code, 'plan_invalid');
          return true;
        },
      );
    });

    it('knows no deployment of something that does not exist', async () => {
      assert.deepEqual(await deployer.knownDeployments('function', 'nothing', signal), []);
      assert.deepEqual(await deployer.knownDeployments('site', 'nothing', signal), []);
    });

    it('deploys a function once however often the same attempt is repeated', async () => {
      const known = await deployer.knownDeployments('function', 'api', signal);
      const first = await deployer.deployFunction(
        functionNeed(),
        placeAt('api'),
        source.dir,
        known,
        { MODE: 'test' },
        signal,
      );
      assert.equal(first.status, 'ready');
      assert.equal(first.previousDeploymentId, null);
      assert.ok(first.url?.startsWith('http'));
      const again = await deployer.deployFunction(
        functionNeed(),
        placeAt('api'),
        source.dir,
        known,
        { MODE: 'test' },
        signal,
      );
      assert.equal(again.deploymentId, first.deploymentId);
      assert.equal(again.url, first.url);
      assert.deepEqual(await deployer.knownDeployments('function', 'api', signal), [first.deploymentId]);
    });

    it('uploads nothing when what is live was made of the same files and settings', async () => {
      const known = await deployer.knownDeployments('function', 'api', signal);
      const again = await deployApi(functionNeed(), { MODE: 'test' });
      assert.deepEqual([again.deploymentId, again.changes], [known[0], []]);
      assert.ok(again.url?.startsWith('http'));
      assert.deepEqual(await deployer.knownDeployments('function', 'api', signal), known);
    });

    it('uploads anew for a changed variable, setting or file, and names what was live as the one to go back to', async () => {
      const [first] = await deployer.knownDeployments('function', 'api', signal);
      const second = await deployApi(functionNeed(), { MODE: 'changed' });
      assert.deepEqual(
        second.changes.map(({ action, kind, id }) => `${action} ${kind} ${id}`),
        ['change variable api/MODE', 'create deployment api'],
      );
      assert.equal(second.previousDeploymentId, first);
      const third = await deployApi(functionNeed({ commands: 'true' }), { MODE: 'changed' });
      assert.equal(third.previousDeploymentId, second.deploymentId);
      await writeFile(join(source.dir, 'more.js'), '');
      const known = await deployer.knownDeployments('function', 'api', signal);
      const need = functionNeed({ commands: 'true' });
      const upload = () =>
        deployer.deployFunction(need, placeAt('api'), source.dir, known, { MODE: 'changed' }, signal);
      const fourth = await upload();
      assert.equal(fourth.previousDeploymentId, third.deploymentId);
      assert.ok(fourth.deploymentId !== null && !known.includes(fourth.deploymentId));
      const again = await upload();
      assert.deepEqual(
        [again.deploymentId, again.previousDeploymentId],
        [fourth.deploymentId, fourth.previousDeploymentId],
      );
    });

    it('deploys a site once however often the same attempt is repeated', async () => {
      const first = await deployer.deploySite(siteNeed(), placeAt('web'), source.dir, [], signal);
      assert.equal(first.kind, 'site');
      assert.equal(first.status, 'ready');
      assert.ok(first.url?.startsWith('http'));
      const again = await deployer.deploySite(siteNeed(), placeAt('web'), source.dir, [], signal);
      assert.equal(again.deploymentId, first.deploymentId);
    });

    it('gives the public URL of every function', async () => {
      const urls = await deployer.urls({ api: 'api' }, 'main', signal);
      assert.equal(urls.databaseId, 'main');
      const url = urls.functions.api ?? '';
      assert.match(url, /^http:\/\/api\.functions\.localhost(:\d+)?$/);
    });

    it('finds the same place for the same project, and another for another project', async () => {
      const request = { kind: 'function', need: functionNeed({ id: 'shared' }) } as const;
      const first = await deployer.place(request, 'acme/one', signal);
      const second = await deployer.place(request, 'acme/two', signal);
      assert.deepEqual([first.id, second.id], ['shared', 'shared-2']);
      assert.deepEqual(await deployer.place(request, 'acme/one', signal), first);
      assert.deepEqual(await deployer.place(request, 'acme/two', signal), second);
    });

    it('gives two things of one plan two places, even when one has the id that the other moved to', async () => {
      await subject.occupy('site', 'shop');
      const place = (id: string) =>
        deployer.place({ kind: 'site', need: siteNeed({ id }) }, 'acme/one', signal).then((found) => found.id);
      assert.deepEqual([await place('shop'), await place('shop-2')], ['shop-2', 'shop-2-2']);
      assert.deepEqual([await place('shop-2'), await place('shop')], ['shop-2-2', 'shop-2']);
    });

    for (const kind of ['database', 'function', 'site'] as const) {
      it(`finds a ${kind} again that somebody has renamed, and gives it to no other project`, async () => {
        const request = requestFor(kind, `renamed-${kind}`);
        const place = await deployer.place(request, 'acme/one', signal);
        await subject.rename(kind, place.id);
        assert.deepEqual(await deployer.place(request, 'acme/one', signal), place);
        assert.equal((await deployer.place(request, 'acme/two', signal)).id, `renamed-${kind}-2`);
      });

      it(`leaves a ${kind} of somebody else as it is and deploys beside it`, async () => {
        const id = `their-${kind}`;
        await subject.occupy(kind, id);
        const before = await subject.look(kind, id);
        const deploy = async (place: Place): Promise<Deployment> => {
          if (kind === 'database')
            return deployer.applyDatabase({ ...needs, databaseId: id }, place, 'Main', careful, signal);
          if (kind === 'function')
            return deployer.deployFunction(functionNeed({ id }), place, source.dir, [], { A: 'b' }, signal);
          return deployer.deploySite(siteNeed({ id }), place, source.dir, [], signal);
        };
        const place = await deployer.place(requestFor(kind, id), 'acme/one', signal);
        assert.equal(place.id, `${id}-2`);
        const done = await deploy(place);
        assert.deepEqual([done.id, done.status], [`${id}-2`, 'ready']);
        // Also when the place was found before somebody else took it.
        await assert.rejects(deploy({ id, mark: place.mark }), {
          code: 'deployment_failed',
          userMessage: /another project/,
        });
        assert.deepEqual(await subject.look(kind, id), before);
        if (kind === 'function') {
          const { functions } = await deployer.urls({ [id]: place.id }, null, signal);
          assert.equal(functions[id], done.url);
        }
      });
    }

    it('tells what a project has, under the ids of its plans, and what a plan with other ids would leave behind', async () => {
      const project = 'acme/moved';
      const wanted = needsOf({
        ...{ databaseId: 'ledger', tables: [notes] },
        ...{ functions: [functionNeed({ id: 'bill' })], sites: [siteNeed({ id: 'desk' })] },
      });
      await subject.occupy('database', 'ledger');
      const database = await deployer.place({ kind: 'database', id: 'ledger', name: 'Ledger' }, project, signal);
      assert.deepEqual(await deployer.places(project, signal), [], 'nothing is in it yet');
      await deployer.applyDatabase(wanted, database, 'Ledger', careful, signal);
      const [bill, desk] = [requestFor('function', 'bill'), requestFor('site', 'desk')];
      const places = [
        await deployer.place(bill, project, signal),
        await deployer.place(desk, project, signal),
      ] as const;
      await deployer.deployFunction(functionNeed({ id: 'bill' }), places[0], source.dir, [], {}, signal);
      await deployer.deploySite(siteNeed({ id: 'desk' }), places[1], source.dir, [], signal);
      assert.deepEqual(await deployer.places(project, signal), [
        { kind: 'database', id: 'ledger-2', planId: 'ledger' },
        { kind: 'function', id: 'bill', planId: 'bill' },
        { kind: 'site', id: 'desk', planId: 'desk' },
      ]);
      assert.deepEqual(await deployer.places('acme/move', signal), [], 'of no other project');

      const made = async (needs: DeploymentNeeds) => {
        const changes = await deployer.preview(needs, 'Ledger', project, signal);
        return changes.filter(
          ({ action, kind }) => action === 'create' && ['database', 'function', 'site'].includes(kind),
        );
      };
      assert.deepEqual(await made(wanted), []);
      const other = needsOf({
        ...{ databaseId: 'books', tables: [notes] },
        ...{ functions: [functionNeed({ id: 'invoice' })], sites: [siteNeed({ id: 'front' })] },
      });
      const [books, invoice, front] = await made(other);
      assert.deepEqual([books?.id, books?.destructive], ['books', true]);
      assert.match(books?.detail ?? '', /new, empty one; the data of this project is in "ledger-2"/);
      assert.deepEqual([invoice?.destructive, front?.destructive], [false, false]);
      assert.match(invoice?.detail ?? '', /"bill" of this project.*stays as it is/);
      assert.match(front?.detail ?? '', /"desk" of this project.*stays as it is/);
      const both = { ...other, functions: [functionNeed({ id: 'bill' }), functionNeed({ id: 'invoice' })] };
      assert.equal((await made(both)).find(({ kind }) => kind === 'function')?.detail, '', 'the plan names all');
    });

    it('keeps to 36 characters, and stops after 20 ids of others with a word about it', async () => {
      const id = 'a-function-whose-id-is-36-characters';
      const idOf = (n: number) => (n === 1 ? id : `${id.slice(0, 36 - `-${n}`.length)}-${n}`);
      await subject.occupy('function', id);
      const place = await deployer.place(requestFor('function', id), 'acme/one', signal);
      assert.equal(place.id, 'a-function-whose-id-is-36-characte-2');
      for (let n = 3; n <= 20; n += 1) await subject.occupy('function', idOf(n));
      assert.deepEqual(await deployer.place(requestFor('function', id), 'acme/one', signal), place);
      await assert.rejects(deployer.place(requestFor('function', id), 'acme/two', signal), {
        code: 'deployment_failed',
        userMessage: /another project/,
      });
    });

    it('stops at once when the signal has fired', async () => {
      await assert.rejects(deployer.knownDeployments('function', 'api', AbortSignal.abort()), (error) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.code, 'aborted');
        return true;
      });
    });
  });
}

function requestFor(kind: PlaceRequest['kind'], id: string): PlaceRequest {
  if (kind === 'database') return { kind, id, name: 'Main' };
  return kind === 'function' ? { kind, need: functionNeed({ id }) } : { kind, need: siteNeed({ id }) };
}
