import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Forge, ForgeRepository } from '../../src/core/ports.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { PullRequest } from '../../src/protocol/work.ts';
import type { Rig } from './rig.ts';

/** What other people do to a pull request, and a look at what the run says of it. */

/** A repository with one file. */
export function commitAll(dir: string, folder: string, name: string, text: string): void {
  mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, folder, name), text);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: dir });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'own');
}

/** The given forge, or another as soon as there is one: as settings are read anew when a run is resumed. */
export function replaceable(forge: Forge, other: () => Forge | null): Forge {
  return new Proxy(forge, { get: (_target, name: keyof Forge) => (other() ?? forge)[name] });
}

export function observed(forge: Forge, onOpened: (where: ForgeRepository, pull: PullRequest) => Promise<void>): Forge {
  const ensurePullRequest: Forge['ensurePullRequest'] = async (where, request, signal) => {
    const pull = await forge.ensurePullRequest(where, request, signal);
    await onOpened(where, pull);
    return pull;
  };
  return new Proxy(forge, {
    get: (target, name: keyof Forge) => (name === 'ensurePullRequest' ? ensurePullRequest : target[name]),
  });
}

export function changed(forge: Forge, methods: Partial<Forge>): Forge {
  return new Proxy(forge, { get: (target, name: keyof Forge) => methods[name] ?? target[name] });
}

/** Resolves when the run has published an event of the type. */
export async function event(rig: Rig, runId: string, type: DomainEvent['type']): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const limit = setTimeout(
    () => reject(new Error(`no ${type}: ${JSON.stringify(rig.eventsOf(runId).slice(-5))}`)),
    60_000,
  );
  const stop = rig.app.subscribe(runId, 0, (record) => {
    if (record.event.type === type) resolve();
  });
  try {
    await promise;
  } finally {
    clearTimeout(limit);
    stop();
  }
}

/** An administrator pushes to main past its protection. */
export function moveMain(rig: Rig, at: ForgeRepository, files: Record<string, string>): Promise<string> {
  return pushOn(rig, at, 'main', files);
}

/** Somebody puts a commit on top of a branch. */
export async function pushOn(
  rig: Rig,
  { cloneUrl }: ForgeRepository,
  branch: string,
  files: Record<string, string>,
): Promise<string> {
  const { forge, repository } = rig.services;
  const signal = AbortSignal.timeout(20_000);
  const tip = await repository.fetch(rig.workspaceDir, cloneUrl, branch, forge.gitAuthorization(), signal);
  const entries = Object.entries(files).map(([path, content]) => ({ path, content }));
  const commit = await repository.commitFiles(rig.workspaceDir, tip, entries, {
    subject: 'theirs',
    body: '',
    trailers: {},
  });
  await repository.push(rig.workspaceDir, cloneUrl, [{ commit, branch }], forge.gitAuthorization(), signal);
  return commit;
}
