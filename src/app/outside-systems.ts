import { createForge } from '../adapters/github/forge.ts';
import { latePort } from '../core/late-port.ts';
import type { Clock, Deployer, Forge, LiveProbe, Log, RecordStore } from '../core/ports.ts';
import { AppError } from '../protocol/errors.ts';
import type { Settings } from './config.ts';
import { isMirrored } from './records.ts';

/** GitHub and Appwrite as the settings say. Their adapters are loaded when they are first asked. */

const DEPLOYER: Record<keyof Deployer, true> = {
  preview: true,
  places: true,
  place: true,
  applyDatabase: true,
  knownDeployments: true,
  deployFunction: true,
  deploySite: true,
  urls: true,
  previewRollback: true,
  rollBack: true,
};

export function openDeployer({ appwrite }: Settings, clock: Clock, log: Log): Deployer {
  const { endpoint, projectId, apiKey, sitesDomain, functionsDomain, domainTarget } = appwrite;
  return latePort<Deployer>(DEPLOYER, async () => {
    const { createDeployer } = await import('../adapters/appwrite/deployer.ts');
    return createDeployer({
      endpoint,
      projectId: projectId ?? '',
      apiKey: apiKey ?? '',
      clock,
      log,
      ...(sitesDomain === null ? {} : { sitesDomain }),
      ...(functionsDomain === null ? {} : { functionsDomain }),
      ...(domainTarget === null ? {} : { domainTarget }),
    });
  });
}

export function openLiveProbe(clock: Clock): LiveProbe {
  return latePort<LiveProbe>({ check: true }, async () => {
    const { createLiveProbe } = await import('../adapters/appwrite/live-probe.ts');
    return createLiveProbe({ clock });
  });
}

/** Null without a key for it, or when it is switched off. */
export function openRecordStore({ records }: Settings, log: Log): RecordStore | null {
  const { endpoint, projectId, databaseId, key } = records;
  if (!isMirrored(records) || key === null) return null;
  return latePort<RecordStore>({ upsert: true, tasks: true }, async () => {
    const { createRecordStore } = await import('../adapters/appwrite/record-store.ts');
    return createRecordStore({ endpoint, projectId, databaseId, apiKey: key, log });
  });
}

/** Commands that need no GitHub work without a token; what needs it says so. */
export function openForge(settings: Settings, clock: Clock, log: Log): Forge {
  const { token, apiUrl } = settings.github;
  if (token !== null) return createForge({ token, apiUrl, clock, log });
  const refuse = () => {
    throw new AppError({
      code: 'auth',
      message: 'no GitHub token',
      userMessage: 'GITHUB_TOKEN is not set. Set it, or use --local, then resume the run.',
    });
  };
  return {
    recognise: refuse,
    gitAuthorization: refuse,
    findRepository: refuse,
    ensureRepository: refuse,
    ensurePullRequest: refuse,
    pullRequest: refuse,
    reviewComments: refuse,
    checks: refuse,
    failedLogs: refuse,
    merge: refuse,
    issue: refuse,
    issues: refuse,
    workflowRuns: refuse,
    runWorkflow: refuse,
  };
}
