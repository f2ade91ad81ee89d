import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import * as z from 'zod';
import type { ApiCredentials } from './api/credentials.ts';
import { integerParser } from './arguments.ts';
import { cancelCommand } from './commands/cancel.ts';
import { doctorCommand } from './commands/doctor.ts';
import { getCommand } from './commands/get.ts';
import { historyCommand } from './commands/history.ts';
import { listCommand } from './commands/list.ts';
import { logsCommand } from './commands/logs.ts';
import { retryCommand } from './commands/retry.ts';
import { scheduleCommand } from './commands/schedule.ts';
import { statsCommand } from './commands/stats.ts';
import { submitCommand } from './commands/submit.ts';
import { localApi } from './connection.ts';
import { type CommandContext, widthOf } from './session.ts';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));

const credentialKinds: ApiCredentials['kind'][] = ['iam', 'jwt', 'none'];

const examples = `
Examples:
  $ eks-jobs submit --wait
  $ eks-jobs list --status FAILED --from 24h
  $ EKS_JOBS_API=https://….execute-api.eu-central-1.amazonaws.com eks-jobs doctor --stack eks-jobs-dev

Exit codes: 0 done; 1 rejected by the API; 2 invalid command line; 3 API not reachable; 4 unauthorized;
with --wait 10 FAILED, 11 CANCELLED, 12 TIMED_OUT, 13 still running; 130 Ctrl-C.
`;

/** Makes the whole command line. Its parser throws commander's errors and never ends the process. */
export function makeProgram(context: CommandContext): Command {
  const program = new Command('eks-jobs')
    .description('Runs jobs on an eks-jobs API, on this machine or on AWS.')
    .version(version, '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addOption(new Option('--api <url>', `address of the API (default: ${localApi})`).env('EKS_JOBS_API'))
    .addOption(
      new Option(
        '--token <jwt>',
        'bearer token; prefer the variable: all users of a machine can see the options of its processes',
      ).env('EKS_JOBS_TOKEN'),
    )
    .addOption(
      new Option(
        '--auth <kind>',
        "authentication (default: jwt with a token, iam at API Gateway's own addresses, else none)",
      ).choices(credentialKinds),
    )
    .option(
      '--region <region>',
      "AWS region of signatures and of doctor's checks (default: the region of the API's address, else AWS_REGION)",
    )
    .option('--profile <name>', 'profile in ~/.aws, for --auth iam and doctor')
    .addOption(
      new Option('--retries <times>', 'maximum number of retries of a request that is safe to repeat')
        .default(4)
        .argParser(integerParser(0, 10)),
    )
    .addOption(
      new Option('-o, --output <format>', "json prints the API's own responses, one per line")
        .choices(['table', 'json'])
        .default('table'),
    )
    .option('--no-color', 'no colours; pipes and NO_COLOR turn them off too')
    .addHelpText('after', examples);
  for (const make of [
    ...[submitCommand, getCommand, listCommand, cancelCommand, retryCommand],
    ...[logsCommand, historyCommand, statsCommand, scheduleCommand, doctorCommand],
  ]) {
    program.addCommand(make(context));
  }
  applySettings(program, context);
  return program;
}

/** Applies the program's settings to all commands: commander copies them only to commands that it creates. */
function applySettings(parent: Command, context: CommandContext): void {
  const { out, err } = context.shell;
  parent.exitOverride().configureOutput({
    writeOut: (text) => out.write(text),
    writeErr: (text) => err.write(text),
    outputError: (text, write) => {
      write(text.replace(/^error:/, 'eks-jobs:'));
    },
    ...{ getOutHelpWidth: () => widthOf(out) ?? 80, getErrHelpWidth: () => widthOf(err) ?? 80 },
  });
  for (const child of parent.commands) {
    child.copyInheritedSettings(parent);
    applySettings(child, context);
  }
}
