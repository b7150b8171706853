import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkBrief, parseBrief } from '../app/brief-file.ts';
import { missingConfiguration } from '../app/config.ts';
import { diagnose } from '../app/doctor.ts';
import { estimateBrief } from '../app/estimate-brief.ts';
import { testKeys } from '../app/keys-test.ts';
import { stopLocalCloud } from '../app/local-cloud.ts';
import { findRunNote, removeRunNote, writeRunNote } from '../app/run-notes.ts';
import { runPolicy } from '../app/run-policy.ts';
import { listSamples, prepareSample } from '../app/samples.ts';
import { checkWorkspace } from '../app/workspace-check.ts';
import { AppError, toAppError } from '../protocol/errors.ts';
import type { Intent } from '../protocol/intents.ts';
import type { CallContext, Peer } from '../protocol/peer.ts';
import { type ServiceMethod, ServiceParams, type ServiceResults } from '../protocol/service.ts';
import type { RunView } from '../protocol/view.ts';
import { Apps } from './apps.ts';
import { editorModelsOver } from './editor-models.ts';
import { exportRun } from './export-run.ts';
import { createFollowed } from './followed.ts';

export interface Service {
  handle(method: string, params: unknown, context: CallContext): Promise<unknown>;
  close(): Promise<void>;
}

type Handlers = {
  [M in ServiceMethod]: (
    params: (typeof ServiceParams)[M]['_output'],
    context: CallContext,
  ) => Promise<ServiceResults[M]>;
};

type StartIntent = Extract<Intent, { type: 'start' }>;

/** What the process does for its window: checks each call, and hands it to the composed program that it concerns. */
export function createService(peer: Peer): Service {
  let apps: Apps | null = null;
  let unwatch = () => {};
  const followed = createFollowed((runId, error) => peer.emit('halted', { runId, error }));
  /** Configuring and closing never overlap. */
  let changing: Promise<unknown> = Promise.resolve();

  const current = (): Apps => {
    if (apps !== null) return apps;
    throw new AppError({ code: 'internal', message: 'a call before `configure`' });
  };

  const looking = () => current().looking();
  /** With what is configured for the folder; nothing of it is needed before it is used. */
  const here = (workspaceDir: string) => current().of({ workspaceDir, local: false });

  const replaceApps = async (next: Apps | null) => {
    const before = apps;
    unwatch();
    unwatch = () => {};
    apps = null;
    followed.pause();
    await before?.close();
    apps = next;
    if (next === null) return;
    const app = await next.looking();
    unwatch = app.watch((records) => peer.emit('records', records));
    await adopt(followed.unfinished());
  };

  const serially = <T>(work: () => Promise<T>): Promise<T> => {
    const done = changing.then(work, work);
    changing = done.catch(() => undefined);
    return done;
  };

  const adopt = async (runIds: readonly string[]) => {
    for (const runId of runIds) {
      const view = await (await looking()).snapshot(runId);
      if (view === null || hasEnded(view)) continue;
      const app = await current().ofRun(runId);
      await app.adopt(runId);
      followed.follow(runId, app);
    }
  };

  const start = async (intent: StartIntent, local: boolean): Promise<string> => {
    const { workspaceDir, until } = intent;
    await checkWorkspace(workspaceDir);
    if (!local) requireConfigured(missingConfiguration(current().settings(workspaceDir), until));
    const app = await current().of({ workspaceDir, local });
    const { runId } = await app.dispatch(intent);
    const createdAt = new Date().toISOString();
    const { stateDir } = current();
    await writeRunNote(stateDir, { v: 1, runId, local, until, workspaceDir, concurrency: null, createdAt });
    followed.follow(runId, app);
    return runId;
  };

  const carryOut = async (intent: Intent, local: boolean): Promise<string> => {
    if (intent.type === 'start') return start(intent, local);
    const needsWork = intent.type !== 'cancel' && intent.type !== 'delete' && intent.type !== 'pause';
    const app = await (needsWork ? current().ofRun(intent.runId) : looking());
    const { runId } = await app.dispatch(intent);
    if (intent.type === 'deploy' || intent.type === 'rollback') await noteOfDeployment(intent.runId, runId);
    if (intent.type === 'delete') await removeRunNote(current().stateDir, runId);
    if (needsWork) followed.follow(runId, app);
    return runId;
  };

  const noteOfDeployment = async (ofRunId: string, runId: string) => {
    const note = await findRunNote(current().stateDir, ofRunId);
    if (note === null) return;
    await writeRunNote(current().stateDir, { ...note, runId, until: 'deploy', createdAt: new Date().toISOString() });
  };

  const handlers: Handlers = {
    configure: async (configuration) => {
      const models = configuration.hasEditorModels ? editorModelsOver(peer) : null;
      await serially(() => replaceApps(new Apps(configuration, models)));
      return null;
    },
    list: async ({ workspaceDirs, limit }) => {
      const { samplesDir } = current().configuration;
      const wanted = (view: RunView) =>
        workspaceDirs.includes(view.workspaceDir) || view.workspaceDir.startsWith(join(samplesDir, '/'));
      return (await (await looking()).list()).filter(wanted).slice(0, limit);
    },
    snapshot: async ({ runId }) => (await looking()).snapshot(runId),
    events: async ({ runId, afterSeq, limit }) => (await looking()).events(runId, afterSeq, limit),
    dispatch: async ({ intent, local }) => ({ runId: await carryOut(intent, local) }),
    adopt: async ({ runIds }) => {
      await adopt(runIds);
      return null;
    },
    readFile: async ({ runId, commit, path }) => (await looking()).readFile(runId, commit, path),
    changedFiles: async ({ runId, from, to }) => (await looking()).changedFiles(runId, from, to),
    output: async ({ runId, outputFile }) => (await looking()).output(runId, outputFile),
    worktree: async ({ runId, subtaskId }) => {
      const dir = join(current().stateDir, 'runs', runId, 'worktrees', subtaskId);
      return /^[a-z0-9.-]+$/.test(subtaskId) && existsSync(dir) ? dir : null;
    },
    checkBrief: async ({ brief }) => checkBrief(brief),
    parseBrief: async ({ name, text, format }) => {
      try {
        return { ok: true, brief: parseBrief(name, text, format) };
      } catch (thrown) {
        const error = toAppError(thrown);
        if (error.code !== 'brief_invalid') throw error;
        return { ok: false, problems: [{ field: '', line: null, message: error.userMessage }] };
      }
    },
    estimateBrief: async ({ brief, workspaceDir }) => estimateBrief(brief, runPolicy(current().settings(workspaceDir))),
    doctor: ({ workspaceDir }) => diagnose(current().source(workspaceDir)),
    testKeys: async ({ workspaceDir }, { signal, part }) => {
      const results: ServiceResults['testKeys'] = [];
      for await (const { role, model, outcome, latencyMs, message } of testKeys(
        current().settings(workspaceDir),
        signal,
      )) {
        const result = { role, model, outcome, latencyMs, message };
        results.push(result);
        part(result);
      }
      return results;
    },
    missing: async ({ workspaceDir }) => missingConfiguration(current().settings(workspaceDir), 'deploy'),
    samples: () => listSamples(),
    startSample: async ({ number, budgetUsd }) => {
      const { brief, workspaceDir } = await prepareSample(current().configuration.samplesDir, number);
      const intent: StartIntent = {
        type: 'start',
        brief,
        workspaceDir,
        autoApprove: false,
        askQuestions: false,
        budgetUsd,
        until: 'deploy',
      };
      return { runId: await start(intent, true), workspaceDir };
    },
    stopLocalCloud: () => stopLocalCloud({ stateDir: current().stateDir }),
    readIssue: async ({ ref, workspaceDir }, { signal }) =>
      (await here(workspaceDir)).readIssue(ref, workspaceDir, signal),
    openIssues: async ({ workspaceDir }, { signal }) => (await here(workspaceDir)).openIssues(workspaceDir, signal),
    teamTasks: async ({ workspaceDir }, { signal }) => (await here(workspaceDir)).teamTasks(signal),
    exportRun: async ({ runId }) => exportRun(await looking(), runId),
  };

  return {
    async handle(method, params, context) {
      if (!isMethod(method)) throw new AppError({ code: 'internal', message: `unknown method ${method}` });
      return answer(handlers, method, params, context);
    },
    close: () => serially(() => replaceApps(null)),
  };
}

function isMethod(name: string): name is ServiceMethod {
  return Object.hasOwn(ServiceParams, name);
}

function answer<M extends ServiceMethod>(
  handlers: Handlers,
  method: M,
  raw: unknown,
  context: CallContext,
): Promise<unknown> {
  const parsed = ServiceParams[method].safeParse(raw);
  if (!parsed.success) {
    throw new AppError({ code: 'internal', message: `${method}: ${parsed.error.message}` });
  }
  return handlers[method](parsed.data as never, context);
}

function hasEnded(view: RunView): boolean {
  return view.status === 'complete' || view.status === 'failed' || view.status === 'cancelled';
}

function requireConfigured(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new AppError({
    code: 'configuration',
    message: `not set: ${missing.join(', ')}`,
    userMessage: `Nothing was started: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set. Set keys with "Orchestrator: Set Keys", addresses and ids in the settings, or use the local cloud.`,
    details: { missing: [...missing] },
  });
}
