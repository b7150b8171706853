import * as z from 'zod';
import { invalidArgument } from '../http/api-error.ts';
import { oneOf, RUNTIMES } from './catalog.ts';

interface Adapter {
  installCommand: string;
  buildCommand: string;
  outputDirectory: string;
  fallbackFile: string;
}

interface Framework {
  name: string;
  /** Families of the runtimes that may build it. */
  families: readonly string[];
  buildRuntime: string;
  static: Adapter;
  /** Absent when the framework renders nothing on a server. */
  ssr?: Adapter;
}

const NODE_FAMILIES = ['node', 'bun', 'deno', 'static'];
const npm = (outputDirectory: string, fallbackFile = '', buildCommand = 'npm run build'): Adapter => ({
  ...{ installCommand: 'npm install', buildCommand, outputDirectory, fallbackFile },
});
const onNode = (name: string, adapters: Pick<Framework, 'static' | 'ssr'>): Framework => ({
  ...{ name, families: NODE_FAMILIES, buildRuntime: 'node-22', ...adapters },
});

const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  analog: onNode('Analog', { static: npm('./dist/analog/public', 'index.html'), ssr: npm('./dist/analog') }),
  angular: onNode('Angular', { static: npm('./dist/angular/browser', 'index.csr.html'), ssr: npm('./dist/angular') }),
  nextjs: onNode('Next.js', { static: npm('./out'), ssr: npm('./.next') }),
  react: onNode('React', { static: npm('./dist', 'index.html') }),
  nuxt: onNode('Nuxt', { static: npm('./output/public', '', 'npm run generate'), ssr: npm('./.output') }),
  vue: onNode('Vue.js', { static: npm('./dist', 'index.html') }),
  sveltekit: onNode('SvelteKit', { static: npm('./build'), ssr: npm('./build') }),
  astro: onNode('Astro', { static: npm('./dist'), ssr: npm('./dist') }),
  'tanstack-start': onNode('TanStack Start', { static: npm('./dist/client'), ssr: npm('./.output') }),
  remix: onNode('Remix', { static: npm('./build/client'), ssr: npm('./build') }),
  lynx: onNode('Lynx', { static: npm('./dist', 'index.html') }),
  flutter: {
    name: 'Flutter',
    families: ['flutter'],
    buildRuntime: 'flutter-3.35',
    static: {
      installCommand: 'flutter pub get',
      buildCommand: 'flutter build web --release -t lib/main.dart',
      outputDirectory: './build/web',
      fallbackFile: 'index.html',
    },
  },
  'react-native': onNode('React Native', { static: npm('./dist', 'index.html') }),
  vite: onNode('Vite', { static: npm('./dist') }),
  other: onNode('Other', {
    static: { installCommand: '', buildCommand: '', outputDirectory: './', fallbackFile: '' },
  }),
};

export const FRAMEWORK_IDS: readonly string[] = Object.keys(FRAMEWORKS);
export const frameworkParam = z.enum(FRAMEWORK_IDS, oneOf(FRAMEWORK_IDS));

function runtimesOf(framework: Framework): string[] {
  return RUNTIMES.filter(({ family }) => framework.families.includes(family)).map(({ id }) => id);
}

export function presentFramework(key: string): Record<string, unknown> {
  const framework = FRAMEWORKS[key];
  if (framework === undefined) return { key };
  const adapters = [{ key: 'static', ...framework.static }];
  if (framework.ssr !== undefined) adapters.push({ key: 'ssr', ...framework.ssr });
  const { name, buildRuntime } = framework;
  return { key, name, buildRuntime, runtimes: runtimesOf(framework), adapters };
}

/** True when the framework may be rendered on a server. */
export function offersServer(key: string): boolean {
  return FRAMEWORKS[key]?.ssr !== undefined;
}

/** Refuses an adapter or a build runtime that the framework does not offer; '' is any adapter. */
export function checkFramework(key: string, adapter: string, buildRuntime: string): void {
  const framework = FRAMEWORKS[key];
  if (framework === undefined) return;
  if (adapter === 'ssr' && framework.ssr === undefined) {
    throw invalidArgument(`Invalid \`adapter\` param: Adapter "${adapter}" is not supported by framework "${key}".`);
  }
  if (!runtimesOf(framework).includes(buildRuntime)) {
    throw invalidArgument(
      `Invalid \`buildRuntime\` param: Runtime "${buildRuntime}" is not supported by framework "${key}".`,
    );
  }
}
