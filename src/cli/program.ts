import { Command, CommanderError, Option } from 'commander';
import { useProxy } from '../app/proxy.ts';
import { EXIT, exitCodeOfError } from './exit-codes.ts';
import { type Deps, type Io, say } from './io.ts';

/** The command line as data: names, arguments, flags. What a command does is loaded when it is called. */

type Finish = (code: number) => void;

/** Runs one command line and returns its exit code. Never throws. */
export async function runCommandLine(argv: readonly string[], io: Io, deps: Deps, version: string): Promise<number> {
  let code: number = EXIT.complete;
  const program = buildProgram(io, deps, version, (finished) => {
    code = finished;
  });
  try {
    await useProxy(io.env);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.complete : EXIT.usage;
    const { toAppError } = await import('../protocol/errors.ts');
    const error = toAppError(thrown);
    const { cleanBlock } = await import('./progress/text.ts');
    say(io, cleanBlock(error.userMessage));
    return exitCodeOfError(error.code);
  }
}

const yes = () => new Option('--yes', 'pass the plan and the diff without asking');
const yesToChanges = () => new Option('--yes', 'never ask; changes that lose data wait all the same');
const allowDestructive = () =>
  new Option('--allow-destructive', 'make changes of a deployment that lose data without asking; --yes does not');
const json = () => new Option('--json', 'one event a line on stdout as JSON, nothing else there');
const local = () => new Option('--local', 'use the local cloud for every outside system that is not configured');

function buildProgram(io: Io, deps: Deps, version: string, finish: Finish): Command {
  const program = new Command('orchestrator')
    .description('Carries a project brief to a live application.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nRUN is the id of a run, a unique beginning of one, or "last".' +
        '\nExit codes: 0 complete, 1 failed, 2 usage or configuration, 3 waiting for a person, 4 budget, 130 cancelled.',
    );
  addRunCommands(program, io, deps, finish);
  addDecisionCommands(program, io, deps, finish);
  addInspectionCommands(program, io, deps, finish);
  addTeamCommands(program, io, deps, finish);
  addSystemCommands(program, io, deps, finish);
  return program;
}

function addRunCommands(program: Command, io: Io, deps: Deps, finish: Finish): void {
  program
    .command('run [brief]')
    .description('carry a brief (.yaml, .json or .md), or an issue, to a live application')
    .option('--issue <ref>', 'instead of a brief: owner/repo#12, the address of an issue, or #12 in a clone')
    .option('--workspace <dir>', 'folder to build in (default: the current one)')
    .addOption(yes())
    .addOption(json())
    .option('--budget <usd>', 'most that the run may cost, in US dollars (default: 10)')
    .addOption(local())
    .option('--concurrency <n>', 'agents at work at the same time (default: 4)')
    .option('--until <stage>', 'stop after plan, build, review, commit or deploy (default: deploy)')
    .addOption(allowDestructive())
    .action(async (brief: string | undefined, flags) => {
      const { run } = await import('./commands/run.ts');
      finish(await run(io, deps, brief, flags));
    });
  const followUps = [
    ['deploy', 'deploy what a run has merged that was asked to stop after commit'],
    ['rollback', 'undo what a run has deployed, and propose to revert what it has merged'],
  ] as const;
  for (const [name, description] of followUps) {
    program
      .command(`${name} <run>`)
      .description(description)
      .addOption(yesToChanges())
      .addOption(json())
      .addOption(local())
      .addOption(allowDestructive())
      .action(async (run: string, flags) => {
        const { followUp } = await import('./commands/follow-up.ts');
        finish(await followUp(io, deps, name, run, flags));
      });
  }
}

function addDecisionCommands(program: Command, io: Io, deps: Deps, finish: Finish): void {
  const decide = () => import('./commands/decide.ts');
  program
    .command('approve <run> [gate]')
    .description(
      'accept what a run waits with, and go on; GATE is plan, diff, subtask or deployment (with what loses data)',
    )
    .addOption(yes())
    .addOption(json())
    .addOption(local())
    .addOption(allowDestructive())
    .action(async (run: string, gate: string | undefined, flags) =>
      finish(await (await decide()).approve(io, deps, run, gate, flags)),
    );
  program
    .command('reject <run>')
    .description('send the plan or the diff back, or leave out what a deployment would lose, and go on')
    .option('--comment <text>', 'what should be different; not needed for a deployment')
    .addOption(yes())
    .addOption(json())
    .addOption(local())
    .addOption(allowDestructive())
    .action(async (run: string, flags) => finish(await (await decide()).reject(io, deps, run, flags)));
  program
    .command('resume <run>')
    .description('go on with a run that was stopped or waits')
    .option('--budget <usd>', 'raise what the run may cost, in US dollars')
    .addOption(yes())
    .addOption(json())
    .addOption(local())
    .addOption(allowDestructive())
    .action(async (run: string, flags) => finish(await (await decide()).resume(io, deps, run, flags)));
  program
    .command('pause <run>')
    .description('let model calls under way finish and begin no other, until `resume`')
    .action(async (run: string) => finish(await (await decide()).pause(io, deps, run)));
  program
    .command('cancel <run>')
    .description('end a run for good; its work stays in the repository')
    .action(async (run: string) => finish(await (await decide()).cancel(io, deps, run)));
  program
    .command('delete <run>')
    .description('forget a run that has ended; its commits stay in the repository')
    .action(async (run: string) => {
      const { deleteRun } = await import('./commands/delete.ts');
      finish(await deleteRun(io, deps, run));
    });
}

function addInspectionCommands(program: Command, io: Io, deps: Deps, finish: Finish): void {
  const inspect = () => import('./commands/inspect.ts');
  program
    .command('list')
    .description('all runs, newest first')
    .option('--json', 'one run a line as JSON')
    .action(async (flags) => finish(await (await inspect()).list(io, deps, flags)));
  program
    .command('show <run>')
    .description('how a run is now')
    .option('--json', 'the whole view as JSON')
    .action(async (run: string, flags) => finish(await (await inspect()).show(io, deps, run, flags)));
  program
    .command('events <run>')
    .description('what happened in a run, one JSON line an event')
    .option('--follow', 'stay and print what comes until the run has ended')
    .action(async (run: string, flags) => finish(await (await inspect()).events(io, deps, run, flags)));
}

function addTeamCommands(program: Command, io: Io, deps: Deps, finish: Finish): void {
  const team = () => import('./commands/team.ts');
  program
    .command('issues')
    .description('open issues of the repository that the folder has as origin')
    .option('--workspace <dir>', 'folder to look at (default: the current one)')
    .addOption(local())
    .option('--json', 'one issue a line as JSON')
    .action(async (flags) => finish(await (await team()).issues(io, deps, flags)));
  program
    .command('export [run]')
    .description('tasks, agent activities and deployments of a run, or of all, as JSON')
    .option('--out <file>', 'write to a file instead of stdout')
    .action(async (run: string | undefined, flags) => finish(await (await team()).exportRecords(io, deps, run, flags)));
  program
    .command('team')
    .description('what everybody runs who shares the database, newest first')
    .option('--json', 'one task a line as JSON')
    .action(async (flags) => finish(await (await team()).team(io, deps, flags)));
}

function addSystemCommands(program: Command, io: Io, deps: Deps, finish: Finish): void {
  const system = () => import('./commands/system.ts');
  program
    .command('doctor')
    .description('what is missing on this machine, and how to fix it')
    .option('--workspace <dir>', 'folder to look at (default: the current one)')
    .option('--json', 'one finding a line as JSON')
    .action(async (flags) => finish(await (await system()).doctor(io, flags)));
  program
    .command('keys')
    .description('the keys of the models')
    .command('test')
    .description('one tiny request for each role: model, time, tokens, cost')
    .addOption(local())
    .option('--json', 'one role a line as JSON')
    .action(async (flags) => finish(await (await system()).keysTest(io, deps, flags)));
  const cloud = program.command('local').description('the local cloud: models, GitHub and Appwrite on this machine');
  cloud
    .command('start')
    .description('start it in the background; ends by itself after 30 idle minutes')
    .action(async () => finish(await (await system()).localStart(io)));
  cloud
    .command('stop')
    .description('stop it; what it stores is kept')
    .action(async () => finish(await (await system()).localStop(io)));
  cloud
    .command('status')
    .description('whether it runs')
    .action(async () => finish(await (await system()).localStatus(io)));
}
