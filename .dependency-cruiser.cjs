/** Import zones: webview, host -> protocol; cli, service -> app -> adapters, sandbox -> core -> protocol. */
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
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^vscode$' } },
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
    zone('app-composes', '^src/app/', '^src/(host|cli|service)/', 'app is below its clients'),
    zone('cli-goes-through-app', '^src/cli/', '^src/(host|service|adapters|sandbox)/', 'cli is a client of app'),
    zone(
      'service-goes-through-app',
      '^src/service/',
      '^src/(host|cli|adapters|sandbox)/',
      'service is a client of app',
    ),
    zone('host-talks-to-the-service', '^src/host/', '^src/(?!host/|protocol/)', 'the host holds no orchestration'),
    zone('webview-imports-protocol', '^webview/', '^src/(?!protocol/)', 'the console is a view'),
    {
      name: 'only-the-host-knows-vscode',
      severity: 'error',
      from: { path: '^(src/(?!host/)|webview/)' },
      to: { path: '@types/vscode|^vscode$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'samples/[^/]+/files' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
