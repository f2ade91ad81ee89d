import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { renderHistory, renderJob, renderJobs } from '../../../cli/output/job.ts';
import { LogWindow, renderLogLine } from '../../../cli/output/log.ts';
import { formatDuration, printable } from '../../../cli/output/table.ts';
import type { Paint } from '../../../cli/session.ts';
import { jobView } from './views.ts';

const plain: Paint = (_colour, text) => text;

describe('a job', () => {
  test('that is queued shows the reason', () => {
    const waitingReason = { reason: 'NoNode', message: 'No node has room.' } as const;
    expect(renderJob(jobView({ status: 'QUEUED', waitingReason }), plain)).toBe(
      [
        'Job      01jdd0000000000000000000aa',
        'Status   QUEUED',
        'Waits    NoNode: No node has room.',
        'Owner    local',
        'Created  2026-11-23T10:00:00Z',
        'Limits   3 attempts of 3600s',
        '',
      ].join('\n'),
    );
  });

  test('that has ended shows every attempt', () => {
    const job = jobView({
      labels: { team: 'red' },
      result: { records: 3 },
      startedAt: '2026-11-23T10:00:42.500Z',
      finishedAt: '2026-11-23T10:02:02.500Z',
      attempts: [
        {
          ...{ attempt: 0, status: 'FAILED', startedAt: '2026-11-23T10:00:42.500Z' },
          ...{ finishedAt: '2026-11-23T10:00:43.000Z', records: 2, log: [] },
          error: { code: 'SyntheticFailure', message: 'record 3 failed' },
        },
        {
          ...{ attempt: 1, status: 'SUCCEEDED', startedAt: '2026-11-23T10:02:00.500Z' },
          ...{ finishedAt: '2026-11-23T10:02:02.500Z', records: 3, log: [] },
        },
      ],
    });
    expect(renderJob(job, plain)).toBe(
      [
        'Job         01jdd0000000000000000000aa',
        'Status      SUCCEEDED',
        'Owner       local',
        'Labels      team=red',
        'Created     2026-11-23T10:00:00Z',
        'Started     2026-11-23T10:00:42Z',
        'Finished    2026-11-23T10:02:02Z',
        'Queued for  43s',
        'Ran for     1m20s',
        'Limits      3 attempts of 3600s',
        'Result      {"records":3}',
        '',
        'ATTEMPT  STATUS     STARTED               RAN FOR  RECORDS  ERROR',
        '0        FAILED     2026-11-23T10:00:42Z  500ms    2        SyntheticFailure: record 3 failed',
        '1        SUCCEEDED  2026-11-23T10:02:00Z  2s       3',
        '',
      ].join('\n'),
    );
  });
});

describe('a list', () => {
  const jobs = [
    {
      ...({ jobId: '01jdd0000000000000000000aa', status: 'RUNNING', origin: 'api' } as const),
      ...{ createdAt: '2026-11-23T10:00:00.000Z', startedAt: '2026-11-23T10:00:01.000Z' },
      labels: { team: 'red', purpose: 'a-long-word-that-does-not-fit' },
    },
  ];

  test('on a terminal cuts the last column only', () => {
    const [head = '', row = ''] = renderJobs(jobs, plain, 120).split('\n');
    expect(head).toBe(
      'JOB                         STATUS   CREATED               QUEUED FOR  RAN FOR  ORIGIN  RETRY OF  LABELS',
    );
    expect(row).toMatch(/^01jdd0{19}aa {2}RUNNING {2}2026-11-23T10:00:00Z {2}1s {19}api {15}.*…$/);
    expect(row.length).toBeLessThanOrEqual(120);
  });

  test('is cut by the columns that its characters take', () => {
    const error = { ...{ at: '', type: '', state: '', attempt: 0 }, error: '作业😀e\u0301'.repeat(9) };
    const [, row = ''] = renderHistory([error], plain, 20).split('\n');
    // The other columns take 27; the last column keeps 20: seven for each group, one for the mark.
    expect(row.slice(27)).toBe(`${'作业😀e\u0301'.repeat(2)}作业…`);
  });

  // A cause of Step Functions has up to 32,768 characters: measuring the whole text again for each would take minutes.
  test('of a very long text is cut as fast as it is printed', () => {
    const error = { ...{ at: '', type: '', state: '', attempt: 0 }, error: 'x'.repeat(2 ** 20) };
    const [, row = ''] = renderHistory([error], plain, 80).split('\n');
    expect(row).toHaveLength(80);
  });

  test('in a pipe is never cut', () => {
    expect(renderJobs(jobs, plain)).toContain('team=red,purpose=a-long-word-that-does-not-fit\n');
  });

  test('without jobs is its head', () => {
    expect(renderJobs([], plain).split('\n')).toHaveLength(2);
  });
});

test('a history has one line per event, even if a cause has line breaks', () => {
  const event = { at: '2026-11-23T10:00:00.000Z', type: 'TaskFailed', state: 'RunJob', attempt: 0 };
  const text = renderHistory([{ ...event, error: 'EKS.409', cause: '{\n  "message": "there is"\n}' }], plain);
  expect(text.split('\n')[1]).toBe(
    '2026-11-23T10:00:00.000Z  TaskFailed  RunJob  0        EKS.409: {\\n  "message": "there is"\\n}',
  );
});

describe('a log line', () => {
  test('of the container is printed as text', () => {
    const line = JSON.stringify({
      ...{ time: '2026-11-23T10:00:00.000Z', level: 'info', message: 'attempt started' },
      ...{ jobId: 'j', attempt: 0, runner: 'ab', records: 3 },
    });
    expect(renderLogLine(0, line)).toBe(
      '0  2026-11-23T10:00:00.000Z  info  attempt started runner=ab records=3',
    );
  });

  test.each(['plain text', '{"message": 1}', '[]', ''])('in another format stays unchanged: %j', (line) => {
    expect(renderLogLine(2, line)).toBe(`2  ${line}`);
  });
});

describe('text of others', () => {
  test('never contains control characters after printable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  test('stays unchanged if it is harmless', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(printable(text)).toBe(text);
      }),
    );
  });
});

test('each log line is printed once, however many are new between two reads', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 8 }), { maxLength: 40 }),
      fc.integer({ min: 8, max: 12 }),
      (steps, kept) => {
        const window = new LogWindow();
        const seen: string[] = [];
        let end = 0;
        for (const step of steps) {
          end += step;
          const lines = Array.from({ length: Math.min(end, kept) }, (_, index) =>
            String(end - Math.min(end, kept) + index),
          );
          seen.push(...window.newLines(lines));
        }
        expect(seen).toEqual(Array.from({ length: end }, (_, index) => String(index)));
      },
    ),
  );
});

test.each([
  [0, '0ms'],
  [-5, '0ms'],
  [999, '999ms'],
  [1000, '1s'],
  [59_600, '1m'],
  [200_000, '3m20s'],
  [3_600_000, '1h'],
  [7_500_000, '2h5m'],
])('%i ms are formatted as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
