import assert from 'node:assert/strict';
import { createFakeClock } from '../../../test/fakes/clock.ts';
import { createFakeForge } from '../../../test/fakes/forge.ts';
import type { DomainEvent } from '../../protocol/events.ts';
import type { StepContext } from '../engine/port.ts';
import type { Repository, ReviewComment } from '../ports.ts';
import type { RemoteSettings } from './policy.ts';
import type { Services } from './services.ts';
import { watchPullRequest } from './watch-pull-request.ts';

const { signal } = new AbortController();

/** A watch that is cut off and begun again, with the events of its step: exactly once by their keys. */
async function watched() {
  const forge = createFakeForge();
  const remote = await forge.ensureRepository({ owner: null, name: 'shop', private: false, description: '' }, signal);
  const main = forge.push(remote, 'main', { parents: [], files: { a: '1' } });
  const commit = forge.push(remote, 'work', { parents: [main], files: { a: '2' } });
  const request = { head: 'work', base: 'main', title: 'Work', body: '', draft: false };
  const lists = { labels: [], reviewers: [], teamReviewers: [] };
  const { number } = await forge.ensurePullRequest(remote, { ...request, ...lists }, signal);
  forge.hold(remote, 'main', 'a review is required');
  forge.setChecks(remote, commit, { state: 'passed', runs: [] });
  const clock = createFakeClock();
  const fetched: string[] = [];
  const git: Partial<Repository> = {
    fetch: async (_dir, _url, branch) => {
      fetched.push(branch);
      return main;
    },
    mergeBase: async () => main,
  };
  const settings: Partial<RemoteSettings> = {
    mergeMethod: 'merge',
    revisionRounds: 3,
    pullRequest: { draft: false, ...lists },
  };
  const known: Partial<Services> = { forge, clock, repository: git as Repository, remote: settings as RemoteSettings };
  const services = known as Services;
  const events = new Map<string, DomainEvent>();
  let attempt = 0;

  /** One more attempt of the step, cut off when it waits for the next look; what it saw when it saw something. */
  const look = async (knownRemoval: string | null = null) => {
    const cut = new AbortController();
    attempt += 1;
    const step: StepContext = {
      key: 'run:pull-request-0',
      signal: cut.signal,
      attempt,
      emit: (key, event) => {
        if (!events.has(key)) events.set(key, event);
      },
      conclude: () => assert.fail('a watch says at once what it sees'),
    };
    const about = { repoDir: '/repo', remote, number, commit, pushed: commit, title: 'Work' };
    const heard = { answered: [], noted: [], knownRemoval, rounds: 0, deadlineMs: 60_000 };
    const seen = watchPullRequest(services, step, { ...about, ...heard }).catch(() => null);
    await Promise.race([seen, clock.sleeping()]);
    cut.abort();
    return seen;
  };
  const said: Omit<ReviewComment, 'id' | 'body'> = { author: 'mira', trusted: true, kind: 'talk', file: '', line: 0 };
  return {
    look,
    say: (body: string) => forge.comment(remote, number, { ...said, body }),
    useQueue: () => {
      forge.hold(remote, 'main', null);
      forge.useQueue(remote, 'main');
    },
    emptyQueue: () => forge.emptyQueue(remote, 'main', 'checks'),
    renameMain: (name: string) => {
      forge.hold(remote, 'main', null);
      forge.push(remote, name, { parents: [], files: { a: '1' } });
      forge.retarget(remote, number, name);
    },
    fetched,
    hold: (reason: string) => forge.hold(remote, 'main', reason),
    ofType: <T extends DomainEvent['type']>(type: T) =>
      [...events.values()].filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type),
  };
}

describe('the watch of a pull request that was cut off', () => {
  it('tells what was said meanwhile beside what it had noted', async () => {
    const { look, say, ofType } = await watched();
    say('Thanks!');
    assert.equal(await look(), null);
    say('Nice.');
    await look();
    const texts = ofType('pull_request.noted').flatMap(({ comments }) => comments.map(({ text }) => text));
    assert.deepEqual([...new Set(texts)], ['Thanks!', 'Nice.']);
  });

  it('tells requests that were made meanwhile, however many there were before', async () => {
    const { look, say, ofType } = await watched();
    for (let at = 0; at < 20; at += 1) say(`/revise Part ${at}.`);
    assert.equal((await look())?.kind, 'reviewed');
    say('/revise The last one.');
    await look();
    const texts = ofType('pull_request.reviewed').flatMap(({ findings }) => findings.map(({ message }) => message));
    assert.ok(texts.includes('mira: /revise The last one.'));
  });

  it('tells again what holds it up when that is as it was before', async () => {
    const { look, hold, ofType } = await watched();
    await look();
    hold('it is frozen');
    await look();
    hold('a review is required');
    await look();
    assert.equal(ofType('pull_request.held').at(-1)?.reason, ofType('pull_request.held')[0]?.reason);
    assert.equal(ofType('pull_request.held').length, 3);
  });

  it('goes by the base branch as it is called by now', async () => {
    const { look, renameMain, fetched } = await watched();
    await look();
    assert.deepEqual([...new Set(fetched)], ['main']);
    renameMain('trunk');
    fetched.length = 0;
    const seen = await look();
    assert.ok(seen?.kind === 'merged' && seen.into === 'trunk', JSON.stringify(seen));
    assert.deepEqual([...new Set(fetched)], ['trunk']);
  });

  it('answers a removal from the merge queue that happened meanwhile, each once', async () => {
    const { look, useQueue, emptyQueue } = await watched();
    useQueue();
    let known = '';
    for (const turn of [0, 1]) {
      const first = turn === 0 ? await look() : null;
      if (first !== null) {
        assert.deepEqual(first, { kind: 'queueable', lastRemoval: '' });
        assert.equal(await look(known), null, 'it is in the queue');
      }
      emptyQueue();
      const seen = await look(known);
      assert.ok(seen?.kind === 'unqueued' && seen.removal !== undefined && seen.removal !== known);
      assert.equal(seen.logs.length, 1);
      known = seen.removal;
      assert.equal(await look(known), null, 'it is put in again');
    }
  });
});
