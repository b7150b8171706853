import type { Check, Plan } from '../../protocol/plan.ts';
import { distinctChecks } from './tree-checks.ts';

export const CI_WORKFLOW_PATH = '.github/workflows/ci.yml';

/** Pinned to commits: a tag can be moved to other code. The comment tells people, and update bots, which release it is. */
const CHECKOUT = 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0';
const SETUP_NODE = 'actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0';

/** Begins an expression in a workflow. */
const OPEN = '$' + '{{';

/** Null when the plan sees to workflows itself. `setup`: commands that the configuration runs before checks. */
export function ciWorkflow(plan: Plan, setup: readonly string[]): string | null {
  const owned = [...plan.sharedInterfaces.map((s) => s.path), ...plan.subtasks.flatMap((s) => s.ownedPaths)];
  if (owned.some((path) => /^(\.\/)?\.github(\/|$)/.test(path))) return null;
  const checks = plan.integrationChecks.length > 0 ? plan.integrationChecks : plan.subtasks.flatMap((s) => s.checks);
  return workflowText(distinctChecks(checks), setup);
}

const usesNode = (command: string): boolean => /(^|[\s;&|])(node|npm|npx|pnpm|yarn)(\s|$)/.test(command);

function workflowText(checks: readonly Check[], setup: readonly string[]): string {
  const needsNode = [...setup, ...checks.map((check) => check.command)].some(usesNode);
  const node = needsNode
    ? `      - uses: ${SETUP_NODE}
        with:
          node-version: 22
`
    : '';
  const install = needsNode && setup.length === 0 ? [INSTALL] : [];
  const steps = [
    ...install,
    ...setup.map((command) => ({ name: 'Set up', command })),
    ...checks.map(({ name, command }) => ({ name, command })),
  ];
  return `name: CI

on:
  push:
    branches: [main, master]
  pull_request:
  merge_group:
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: ci-${OPEN} github.ref }}
  cancel-in-progress: ${OPEN} github.event_name == 'pull_request' }}

jobs:
  checks:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - uses: ${CHECKOUT}
        with:
          persist-credentials: false
${node}${steps.map(stepText).join('')}`;
}

const INSTALL = {
  name: 'Install packages',
  command: 'if [ -f package-lock.json ]; then npm ci; elif [ -f package.json ]; then npm install; fi',
};

/** Strings of JSON are strings of YAML, whatever they hold; what begins an expression there is written as one that gives itself. */
function stepText({ name, command }: { name: string; command: string }): string {
  const plain = (text: string) => JSON.stringify(text.replaceAll(OPEN, `${OPEN} '${OPEN}' }}`));
  return `      - name: ${plain(name)}
        run: ${plain(command)}
`;
}
