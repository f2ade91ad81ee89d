import type { Command } from 'commander';
import { isTerminal } from '../../jobs/protocol.ts';
import type { JobLogs } from '../../api/responses/job.ts';
import { command, runs, type Setting } from '../action.ts';
import { jobIdArgument } from '../arguments/identifiers.ts';
import { Interrupted } from '../failure.ts';
import { LogWindow } from '../output/log-window.ts';
import { renderLogLine } from '../output/log-line.ts';
import type { Session } from '../session.ts';
import { lookAgain } from '../wait/look.ts';
import { standing } from '../wait/progress.ts';

interface Options {
  follow?: boolean;
}

/** How long one look waits for the end of the job, in seconds. */
const pause = 3;

/** `eks-jobs logs`: GET /jobs/{jobId}/logs */
export const logs = (setting: Setting): Command =>
  runs<Options>(
    command('logs', "Show each attempt's last lines, those of a running one as of some seconds ago.", [
      'eks-jobs logs 01k…',
      'eks-jobs logs 01k… --follow',
      'eks-jobs logs 01k… --follow --output json | jq .message',
    ])
      .addArgument(jobIdArgument())
      .option('-f, --follow', 'show new lines as they come, until the job ends; JSON: the lines themselves'),
    setting,
    async (session, { follow }, jobId = '') => {
      if (follow) await followLogs(jobId, session);
      else session.show(await session.api.logs(jobId), linesOf);
      return undefined;
    },
  );

const linesOf = ({ attempts, full }: JobLogs): string =>
  [
    ...attempts.flatMap(({ attempt, lines }) => lines.map((line) => renderLogLine(attempt, line))),
    ...(full ? [`All lines: log group ${full.logGroup}, Logs Insights: ${full.query}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');

/** The job's own limits bound it. */
async function followLogs(jobId: string, session: Session): Promise<void> {
  const { shell, options, api } = session;
  const windows = new Map<number, LogWindow>();
  let stood = '';
  const show = async (): Promise<void> => {
    const { attempts } = (await api.logs(jobId)).body;
    for (const { attempt, lines } of attempts) {
      const window = windows.get(attempt) ?? new LogWindow();
      windows.set(attempt, window);
      for (const line of window.news(lines)) {
        shell.out.write(`${options.output === 'json' ? line : renderLogLine(attempt, line)}\n`);
      }
    }
  };
  try {
    for (let look = await api.job(jobId); ; look = await lookAgain(jobId, api, pause, shell.interrupted)) {
      const job = look.body;
      // After the job, so that what it wrote last is seen.
      await show();
      if (standing(job) !== stood) session.say(`job ${jobId} is ${standing(job)}`);
      stood = standing(job);
      if (isTerminal(job.status)) return;
    }
  } catch (error) {
    if (!shell.interrupted.aborted) throw error;
    throw new Interrupted([`Job ${jobId} goes on. To cancel it: eks-jobs cancel ${jobId}`]);
  }
}
