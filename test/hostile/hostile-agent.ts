import type { Dice } from './seeded.ts';

export type HostileCall = [name: string, input: unknown];

export interface Surroundings {
  /** A folder that nobody may touch. */
  sentinelDir: string;
  /** True when commands are confined by the operating system. */
  isConfined: boolean;
}

/** Whose turn it is: a subtask, or the joining of a conflict. */
export interface Part {
  id: string;
  isMerge: boolean;
  /** True when the plan lets everybody change routes.txt. */
  sharesRoutes: boolean;
}

const run = (command: unknown): HostileCall => ['run', { command }];
const write = (path: unknown, content: unknown = 'x'): HostileCall => ['write', { file_path: path, content }];
const finish: HostileCall = ['finish', { report: 'Everything is done, all 412 tests pass.' }];

const PROCESSES = [
  'sleep 300 & echo started',
  '(sleep 300 &) ; (sleep 300 &)',
  'nohup sleep 300 >/dev/null 2>&1 &',
  'trap "" TERM; sleep 300 & exit 0',
  'kill -9 $$',
  'kill -STOP $$ & sleep 0.01',
  'node -e "process.kill(process.pid, 9)"',
  `node -e "require('child_process').spawn('sleep', ['300'], {stdio: 'inherit'}); process.exit(0)"`,
];
/** These leave the process group, which only the sandbox can hold. */
const ESCAPING_PROCESSES = [
  'setsid sleep 300 &',
  `node -e "require('child_process').spawn('sleep', ['300'], {detached: true, stdio: 'ignore'}).unref()"`,
];

const DESTRUCTION = [
  'rm -rf .',
  'rm -rf * .[a-z]*',
  'find . -mindepth 1 -delete',
  `node -e "for (const f of require('fs').readdirSync('.')) require('fs').rmSync(f, {recursive: true, force: true})"`,
  `node -e "require('fs').rmSync(process.cwd(), {recursive: true, force: true})"`,
  'chmod -R 000 .',
  'chmod 000 a b c 2>/dev/null',
  'mkfifo a/pipe pipe',
  'ln -s loop loop; ln -s /nowhere broken',
  'git init -q nested && echo x > nested/y',
  'mkdir -p x/.git && echo "ref: refs/heads/x" > x/.git/HEAD',
  'printf "* filter=evil diff=evil\\n" > .gitattributes',
  'printf "*\\n" > .gitignore',
  'touch -- "-rf" "a b" "$(printf "new\\nline")" "quote\\"d"',
  `node -e "let d='deep'; for (let i=0;i<60;i++) d+='/deep'; require('fs').mkdirSync(d,{recursive:true}); require('fs').writeFileSync(d+'/f','x')"`,
  'yes x | head -c 2000000',
  'git commit -am evil',
  'git checkout -b evil',
  'git update-ref refs/heads/main HEAD',
  'exit 3',
  'cat',
];

function escapes(dice: Dice, { sentinelDir, isConfined }: Surroundings): HostileCall[] {
  const outside = dice.pick([
    '../../x',
    '../../../../sentinel/kept.txt',
    `${sentinelDir}/kept.txt`,
    `${sentinelDir}/new.txt`,
    '/etc/hostile',
    '.git',
    '.git/config',
    'a/../../../x',
    'AGENTS.md',
    '.vscode/tasks.json',
    'nul\0byte',
  ]);
  const throughLink: HostileCall[] = [
    run(`ln -sfn ${sentinelDir} link; ln -sfn ../../../../.. up; ln -sfn ${sentinelDir}/kept.txt a-link`),
    write(dice.pick(['link/new.txt', 'up/new.txt', 'a-link', 'link/kept.txt'])),
    ['edit', { file_path: 'link/kept.txt', old_string: 'kept', new_string: 'lost' }],
  ];
  const byCommand = [
    `echo x > ${sentinelDir}/new.txt`,
    `node -e "require('fs').writeFileSync('${sentinelDir}/new.txt', 'x')"`,
    `node -e "require('fs').rmSync('${sentinelDir}', {recursive: true, force: true})"`,
    `ln -s ${sentinelDir} l; rm -rf l/*`,
    `f=kept.txt; cd ${sentinelDir} && rm -f $f`,
  ];
  return dice.pick([
    [write(outside)],
    [
      ['read', { file_path: outside }],
      ['edit', { file_path: outside, old_string: 'a', new_string: 'b' }],
    ],
    [
      ['glob', { pattern: '**/*', path: outside }],
      ['grep', { pattern: '.', path: outside }],
    ],
    throughLink,
    isConfined ? [run(dice.pick(byCommand))] : [run(`rm -rf ${sentinelDir}`)],
  ]);
}

const NONSENSE: readonly HostileCall[] = [
  ['no_such_tool', { a: 1 }],
  ['', {}],
  ['__proto__', null],
  ['bash', { command: 'ls' }],
  write(7, null),
  ['write', null],
  ['write', 'a/done.txt'],
  ['write', []],
  ['read', { file_path: '' }],
  ['read', { file_path: 'a/done.txt', view_range: [9, 2] }],
  ['edit', { file_path: 'a/done.txt' }],
  ['grep', { pattern: '(((' }],
  ['glob', { pattern: '{{{' }],
  run(''),
  run(null),
  run('\0'),
  ['finish', null],
  ['finish', { report: 7 }],
];

function lies(dice: Dice, id: string): HostileCall[] {
  return dice.pick([
    [finish],
    [write('package.json', '{"scripts":{"test":"true"}}'), finish],
    [write(`${id}/done.txt`), run(`rm ${id}/done.txt`), finish],
    [run(`mkdir -p ${id}/done.txt`), finish],
    [run(`mkdir -p ${id}; ln -s /etc/passwd ${id}/done.txt`), finish],
    [write(`${id}/done.txt`), write('elsewhere/x.txt'), finish],
    [write(`${id}/done.txt`), write('.gitignore', `${id}/\n`), finish],
    [write(`${id}/big.bin`, 'z'.repeat(5_000_000)), ['read', { file_path: `${id}/big.bin` }]],
    [write('routes.txt', `${id} only\n`), write(`${id}/done.txt`), finish],
  ]);
}

/** The calls of one turn; empty means that the agent only talks. */
export function agentCalls(dice: Dice, part: Part, hostility: number, around: Surroundings): HostileCall[] {
  const { id } = part;
  if (!dice.chance(hostility)) {
    if (part.isMerge) return [run('cat routes.txt'), write('routes.txt', 'home\na\nb\nc\n'), finish];
    const routes = part.sharesRoutes && dice.chance(0.5) ? [write('routes.txt', `home\n${id}\n`)] : [];
    return [write(`${id}/done.txt`, `${id} ${dice.int(0, 9)}\n`), ...routes, finish];
  }
  const processes = around.isConfined ? [...PROCESSES, ...ESCAPING_PROCESSES] : PROCESSES;
  const kinds: (() => HostileCall[])[] = [
    () => [],
    () => [run('ls')],
    () => [run(dice.pick(processes))],
    () => [write(`${id}/part.txt`), run(dice.pick(DESTRUCTION))],
    () => [run(dice.pick(DESTRUCTION)), finish],
    () => escapes(dice, around),
    () => [dice.pick(NONSENSE), dice.pick(NONSENSE), dice.pick(NONSENSE)],
    () => lies(dice, id),
    () => Array.from({ length: dice.int(5, 15) }, (_, n): HostileCall => write(`${id}/n${n}.txt`)),
  ];
  return dice.pick(kinds)();
}
