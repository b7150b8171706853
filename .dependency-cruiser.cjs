/** Import zones: webview -> protocol; host, cli, server -> app -> adapters, sandbox -> core -> protocol. */
const zone = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: to },
});
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    zone('protocol-is-the-bottom', '^src/protocol/', '^src/(?!protocol/)', 'protocol imports zod only'),
    {
      name: 'protocol-imports-zod-only',
      severity: 'error',
      from: { path: '^src/protocol/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules|^node:', pathNot: 'node_modules/zod/' },
    },
    zone('core-imports-protocol-only', '^src/core/', '^src/(?!core/|protocol/)', 'core knows ports, not adapters'),
    {
      name: 'core-has-no-network-library',
      severity: 'error',
      from: { path: '^src/core/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules', pathNot: 'node_modules/zod/' },
    },
    zone(
      'adapters-import-core-and-protocol',
      '^src/adapters/',
      '^src/(?!adapters/|core/|protocol/)',
      'adapters implement ports',
    ),
    {
      name: 'adapters-never-import-each-other',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/adapters/([^/]+)/', pathNot: '^src/adapters/$1/' },
    },
    zone(
      'sandbox-stands-alone',
      '^src/sandbox/',
      '^src/(?!sandbox/|core/|protocol/)',
      'the local cloud is outside the product',
    ),
    zone('app-composes', '^src/app/', '^src/(host|cli|server)/', 'app is below its clients'),
    zone('cli-goes-through-app', '^src/cli/', '^src/(host|server|adapters|sandbox)/', 'cli is a client of app'),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'samples/[^/]+/files' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
