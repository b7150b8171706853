import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openTempFolder, type TempFolder } from './temp-folder.ts';

const log = { info: () => undefined, warn: () => undefined };
const MODULE = JSON.stringify(new URL('./temp-folder.ts', import.meta.url).href);

describe('the temporary folder of a program', () => {
  let parentDir: string;
  let open: TempFolder[];
  let hosts: ChildProcess[];
  beforeEach(() => {
    parentDir = realpathSync(mkdtempSync(join(tmpdir(), 'temp-folder-')));
    open = [];
    hosts = [];
  });
  afterEach(async () => {
    for (const host of hosts) host.kill('SIGKILL');
    for (const folder of open) await folder.close();
    rmSync(parentDir, { recursive: true, force: true });
  });

  const here = (): TempFolder => {
    const folder = openTempFolder({ log, parentDir });
    open.push(folder);
    return folder;
  };

  /** Another process with a folder that holds a file; `then` is what it does next. */
  const elsewhere = async (then: string): Promise<{ host: ChildProcess; folder: string }> => {
    const script = `const { openTempFolder } = await import(${MODULE});
      const { mkdirSync, writeFileSync } = await import('node:fs');
      const log = { info() {}, warn() {} };
      const folder = openTempFolder({ log, parentDir: ${JSON.stringify(parentDir)} }).path();
      mkdirSync(folder + '/c-1/home', { recursive: true });
      writeFileSync(folder + '/c-1/home/file', 'x');
      process.stdout.write(folder);
      ${then}`;
    const host = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    hosts.push(host);
    const [folder] = (await once(host.stdout, 'data')) as [Buffer];
    return { host, folder: folder.toString() };
  };
  const kill = async (host: ChildProcess) => {
    host.kill('SIGKILL');
    await once(host, 'close');
  };
  const WAIT = 'setInterval(() => {}, 1000);';

  it('is made when it is asked for, the same each time, for its user alone, and goes when it is closed', async () => {
    const folder = here();
    assert.deepEqual(readdirSync(parentDir), []);
    const path = folder.path();
    assert.equal(folder.path(), path);
    assert.deepEqual(readdirSync(parentDir), [basename(path)]);
    writeFileSync(join(path, 'left'), '');
    await folder.close();
    await folder.close();
    assert.deepEqual(readdirSync(parentDir), []);
  });

  it('goes with a process that ends without closing it', async () => {
    const { host, folder } = await elsewhere('process.exit();');
    await once(host, 'close');
    assert.equal(existsSync(folder), false);
  });

  it('is made anew when somebody removed it', () => {
    const folder = here();
    const first = folder.path();
    rmSync(first, { recursive: true });
    assert.notEqual(folder.path(), first);
    assert.ok(existsSync(folder.path()));
  });

  it('is removed by the next program when its own was killed', async () => {
    const { host, folder } = await elsewhere(WAIT);
    await kill(host);
    assert.ok(existsSync(join(folder, 'c-1/home/file')), 'a killed process cannot tidy up');
    await here().close();
    assert.deepEqual(readdirSync(parentDir), []);
  });

  it('stays while its process lives, in this program and in another', async () => {
    const { folder } = await elsewhere(WAIT);
    const mine = here();
    const kept = [folder, mine.path()];
    await here().close();
    for (const path of kept) assert.ok(existsSync(path), path);
  });

  it('is told from that of a process that had the same number', async () => {
    if (process.platform === 'win32') return;
    const { host, folder } = await elsewhere(WAIT);
    const owner = JSON.parse(readFileSync(join(folder, '.owner.json'), 'utf8'));
    await kill(host);
    writeFileSync(join(folder, '.owner.json'), JSON.stringify({ ...owner, pid: process.pid }));
    await here().close();
    assert.deepEqual(readdirSync(parentDir), []);
  });

  it('stays when it may be somebody else’s: of another machine, or without an owner', async () => {
    const { host, folder } = await elsewhere(WAIT);
    await kill(host);
    const owner = JSON.parse(readFileSync(join(folder, '.owner.json'), 'utf8'));
    writeFileSync(join(folder, '.owner.json'), JSON.stringify({ ...owner, host: 'another' }));
    const kept = ['orchestrator-notes', 'orchestrator-broken', 'other'].map((name) => join(parentDir, name));
    for (const path of kept) mkdirSync(path);
    writeFileSync(join(parentDir, 'orchestrator-broken', '.owner.json'), '{"pid": -1}');
    writeFileSync(join(parentDir, 'orchestrator-file'), '');
    await here().close();
    assert.equal(readdirSync(parentDir).length, 5);
  });
});
