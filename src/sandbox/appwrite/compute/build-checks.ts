import { readdir } from 'node:fs/promises';
import type { Store } from '../store.ts';
import { insideDir } from './archive.ts';
import { offersServer } from './frameworks.ts';
import type { DeploymentRecord, SiteRecord } from './records.ts';
import { requireFunction, requireSite, siteKind } from './records.ts';
import { findServerEntry } from './site-server.ts';

/** Why a build failed, in the words of its log. */
export class BuildFailure extends Error {}

/** What a finished build serves: a folder relative to the build's own; throws BuildFailure when that cannot be. */
export async function checkBuild(
  store: Store,
  deployment: DeploymentRecord,
  buildDir: string,
  say: (text: string) => void,
): Promise<string> {
  const { resourceType, resourceId } = deployment;
  if (resourceType === 'functions') {
    const { runtime } = requireFunction(store, resourceId);
    if (!runtime.startsWith('node-')) throw new BuildFailure(`This server runs Node functions only, not ${runtime}.`);
    return '.';
  }
  const site = requireSite(store, resourceId);
  const outputDir = insideDir(buildDir, deployment.outputDirectory);
  if (outputDir === null) throw new BuildFailure('Output directory must be inside the site.');
  const files = await readdir(outputDir, { recursive: true }).catch(() => null);
  if (files === null)
    throw new BuildFailure(
      `Output directory "${deployment.outputDirectory}" does not exist. Check the build output directory setting.`,
    );
  if (files.length === 0)
    throw new BuildFailure('Output directory is empty. Check the build output directory setting.');
  const entry = offersServer(site.framework) ? await findServerEntry(outputDir) : null;
  // A start command says how to run what is not known by its name.
  const rendering = entry !== null || (site.adapter === 'ssr' && site.startCommand !== '') ? 'ssr' : 'static';
  if (site.adapter !== '' && site.adapter !== rendering) {
    throw new BuildFailure(
      `Adapter mismatch. Detected: ${rendering} does not match with the set adapter: ${site.adapter}.`,
    );
  }
  if (rendering === 'ssr') {
    if (site.adapter === '') say('Server-side rendering detected.\n');
    patchSite(store, resourceId, { adapter: 'ssr' });
    return deployment.outputDirectory;
  }
  const pages = files.filter((file) => file.endsWith('.html'));
  const fallbackFile = site.fallbackFile === '' && pages.length === 1 ? (pages[0] ?? '') : site.fallbackFile;
  if (site.adapter === '') say('Static rendering detected.\n');
  patchSite(store, resourceId, {
    adapter: 'static',
    fallbackFile: site.adapter === '' ? fallbackFile : site.fallbackFile,
  });
  return deployment.outputDirectory;
}

/** The settings as they are now: they may have changed while the build went on. */
function patchSite(store: Store, siteId: string, change: Partial<SiteRecord>): void {
  store.put(siteKind, '', siteId, { ...requireSite(store, siteId), ...change });
}
