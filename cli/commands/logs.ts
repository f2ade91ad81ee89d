import type { Command } from 'commander';
import type { JobLogs } from '../../api/responses/job.ts';
import { isTerminal } from '../../jobs/protocol.ts';
import { jobIdArgument } from '../arguments.ts';
import { Interrupted } from '../failure.ts';
import { LogWindow, renderLogLine } from '../output/log.ts';
import { describeStatus } from '../progress.ts';
import { type CommandContext, newCommand, type CommandSession, withAction } from '../session.ts';
import { pollJob } from '../wait.ts';

interface LogsOptions {
  follow?: boolean;
}

/** How long one request waits for the end of the job. */
const pollSeconds = 3;

/** `eks-jobs logs`: GET /jobs/{jobId}/logs */
export const logsCommand = (context: CommandContext): Command =>
  withAction<LogsOptions>(
    newCommand('logs', "Show each attempt's last lines; those of a running attempt are some seconds old.", [
      'eks-jobs logs 01k…',
      'eks-jobs logs 01k… --follow',
      'eks-jobs logs 01k… --follow --output json | jq .message',
    ])
      .addArgument(jobIdArgument())
      .option(
        '-f, --follow',
        'print new lines until the job ends; with --output json the unchanged log lines',
      ),
    context,
    async (session, { follow }, jobId = '') => {
      if (follow) await followLogs(jobId, session);
      else session.printResponse(await session.api.logs(jobId), renderLogs);
      return undefined;
    },
  );

const renderLogs = ({ attempts, full }: JobLogs): string =>
  [
    ...attempts.flatMap(({ attempt, lines }) => lines.map((line) => renderLogLine(attempt, line))),
    ...(full ? [`All lines: log group ${full.logGroup}, Logs Insights: ${full.query}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');

/** Prints new lines until the job ends; the job's own limits end the loop. */
async function followLogs(jobId: string, session: CommandSession): Promise<void> {
  const { shell, options, api } = session;
  const windows = new Map<number, LogWindow>();
  const printNewLines = async (): Promise<void> => {
    const { attempts } = (await api.logs(jobId)).body;
    for (const { attempt, lines } of attempts) {
      const window = windows.get(attempt) ?? new LogWindow();
      windows.set(attempt, window);
      for (const line of window.newLines(lines)) {
        shell.out.write(`${options.output === 'json' ? line : renderLogLine(attempt, line)}\n`);
      }
    }
  };
  try {
    let reported = '';
    let { body: job } = await api.job(jobId);
    for (;;) {
      // The logs are read after the job, so that the last lines of an ended job are not missed.
      await printNewLines();
      const status = describeStatus(job);
      if (status !== reported) session.report(`job ${jobId} is ${status}`);
      reported = status;
      if (isTerminal(job.status)) return;
      job = (await pollJob(jobId, api, pollSeconds, shell.interrupted)).body;
    }
  } catch (error) {
    if (!shell.interrupted.aborted) throw error;
    throw new Interrupted([`Job ${jobId} continues. To cancel it: eks-jobs cancel ${jobId}`]);
  }
}
