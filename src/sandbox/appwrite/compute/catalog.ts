import * as z from 'zod';

/** Runtime families and versions that the server accepts by name. */
const VERSIONS: Record<string, string> = {
  node: '14.5 16.0 18.0 19.0 20.0 21.0 22 23 24 25',
  php: '8.0 8.1 8.2 8.3 8.4',
  ruby: '3.0 3.1 3.2 3.3 3.4 4.0',
  python: '3.8 3.9 3.10 3.11 3.12 3.13 3.14',
  'python-ml': '3.11 3.12 3.13',
  deno: '1.40 1.46 2.0 2.5 2.6',
  dart: '2.15 2.16 2.17 2.18 2.19 3.0 3.1 3.3 3.5 3.8 3.9 3.10 3.11 3.12',
  dotnet: '6.0 7.0 8.0 10',
  java: '8.0 11.0 17.0 18.0 21.0 22 25',
  swift: '5.5 5.8 5.9 5.10 6.2',
  kotlin: '1.6 1.8 1.9 2.0 2.3',
  cpp: '17 20',
  bun: '1.0 1.1 1.2 1.3',
  go: '1.23 1.24 1.25 1.26',
  rust: '1.83',
  static: '1',
  flutter: '3.24 3.27 3.29 3.32 3.35 3.38 3.41 3.44',
};

export interface Runtime {
  id: string;
  family: string;
  version: string;
}

export const RUNTIMES: readonly Runtime[] = Object.entries(VERSIONS).flatMap(([family, versions]) =>
  versions.split(' ').map((version) => ({ id: `${family}-${version}`, family, version })),
);

const FAMILY_NAMES: Record<string, string> = { node: 'Node.js', php: 'PHP', dotnet: '.NET', cpp: 'C++' };

export function presentRuntime({ id, family, version }: Runtime): Record<string, unknown> {
  const name = FAMILY_NAMES[family] ?? family.charAt(0).toUpperCase() + family.slice(1);
  const image = `openruntimes/${family}:v5-${version}`;
  return { $id: id, key: family, name, version, base: '', image, logo: `${family}.png`, supports: ['x86', 'arm64'] };
}

const KNOWN: ReadonlySet<string> = new Set(RUNTIMES.map(({ id }) => id));
export const oneOf = (list: Iterable<string>) => `Value must be one of (${[...list].join(', ')})`;
export const runtimeParam = z.string().refine((id) => KNOWN.has(id), oneOf(KNOWN));

export const SPECIFICATIONS = ['0.5vcpu-512mb', '1vcpu-512mb', '1vcpu-1gb', '2vcpu-2gb', '2vcpu-4gb', '4vcpu-4gb'].map(
  (size) => {
    const [, cpus = '1', amount = '512', unit = 'mb'] = /^([\d.]+)vcpu-(\d+)(mb|gb)$/.exec(size) ?? [];
    return {
      slug: `s-${size}`,
      cpus: Number(cpus),
      memory: Number(amount) * (unit === 'gb' ? 1024 : 1),
      enabled: true,
    };
  },
);
const SLUGS = SPECIFICATIONS.map(({ slug }) => slug);
export const specificationParam = z.enum(SLUGS, `Specification is not valid. ${oneOf(SLUGS)}`);

const EVENT = /^(databases|buckets|users|teams|sites|rules|providers|topics|messages)(\.(\*|[A-Za-z0-9_-]+)){1,7}$/;
export const eventParam = z
  .string()
  .refine((event) => EVENT.test(event), 'Value must be a valid event pattern and must not start with "functions."');
