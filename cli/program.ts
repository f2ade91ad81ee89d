import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import * as z from 'zod';
import { Authorization } from '../jobs/settings.ts';
import type { Setting } from './action.ts';
import { integer } from './arguments/numbers.ts';
import { cancel } from './commands/cancel.ts';
import { doctor } from './commands/doctor.ts';
import { get } from './commands/get.ts';
import { history } from './commands/history.ts';
import { list } from './commands/list.ts';
import { logs } from './commands/logs.ts';
import { retry } from './commands/retry.ts';
import { schedule } from './commands/schedule.ts';
import { stats } from './commands/stats.ts';
import { submit } from './commands/submit.ts';
import { localApi } from './connection.ts';
import { widthOf } from './shell.ts';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));

const examples = `
Examples:
  $ eks-jobs submit --wait
  $ eks-jobs list --status FAILED --from 24h
  $ EKS_JOBS_API=https://….execute-api.eu-central-1.amazonaws.com eks-jobs doctor --stack eks-jobs-dev

Exit codes: 0 done; 1 refused by the API; 2 wrong command line; 3 the API cannot be reached; 4 not let in;
with --wait 10 FAILED, 11 CANCELLED, 12 TIMED_OUT, 13 still running; 130 Ctrl-C.
`;

/** The whole command line. Whoever parses with it is thrown commander's errors; nothing here ends the process. */
export function makeProgram(setting: Setting): Command {
  const program = new Command('eks-jobs')
    .description('Runs jobs on an eks-jobs API, on this machine or on AWS.')
    .version(version, '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addOption(new Option('--api <url>', `where the API is (default: ${localApi})`).env('EKS_JOBS_API'))
    .addOption(
      new Option(
        '--token <jwt>',
        'who asks; better in the variable: options are seen by all users of a machine',
      ).env('EKS_JOBS_TOKEN'),
    )
    .addOption(
      new Option(
        '--auth <kind>',
        "how to say who asks (default: jwt with a token, iam at API Gateway's own addresses, else none)",
      ).choices(Authorization.options),
    )
    .option('--region <region>', "of AWS, to sign for and to look at (default: the API's, else AWS_REGION)")
    .option('--profile <name>', 'of ~/.aws, for --auth iam')
    .addOption(
      new Option('--retries <times>', 'how often a request is made again that may be')
        .default(4)
        .argParser(integer(0, 10)),
    )
    .addOption(
      new Option('-o, --output <format>', "json: the API's own answers, one a line")
        .choices(['table', 'json'])
        .default('table'),
    )
    .option('--no-color', 'no colours; there are none in a pipe and with NO_COLOR')
    .addHelpText('after', examples);
  for (const make of [submit, get, list, cancel, retry, logs, history, stats, schedule, doctor]) {
    program.addCommand(make(setting));
  }
  inherit(program, setting);
  return program;
}

/** commander copies settings only to commands that it makes itself. */
function inherit(parent: Command, setting: Setting): void {
  const { out, err } = setting.shell;
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
    inherit(child, setting);
  }
}
