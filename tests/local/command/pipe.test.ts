import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { JobList, JobView } from '../../../api/responses/job.ts';
import { everyCommand } from '../../harness/every-command.ts';
import { RunningService } from '../../harness/running-service.ts';
import { bin, type ProcessResult, environment, runInPipes } from './bin.ts';

/** The command as scripts run it: the real bin on the machine's own Node, against the real service. */
let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service.stop());

const inPipe = (...line: string[]): Promise<ProcessResult> =>
  runInPipes([bin, '--api', service.url, ...line]);
const withInput = (input: string, ...line: string[]): Promise<ProcessResult> =>
  runInPipes([bin, '--api', service.url, ...line], { input });

const quick = '{"source": "synthetic", "records": 3}';
const endless = '{"source": "synthetic", "records": 1000000, "recordsPerSecond": 100}';

describe('in a pipe', () => {
  test.each(everyCommand())('eks-jobs $line --help', async ({ line }) => {
    const { code, out, err } = await inPipe(...line, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^Usage: ${['eks-jobs', ...line].join(' ')}\\b`));
  });

  test('submit prints the id alone, and get, list, history, logs and stats show the job', async () => {
    const { out, err } = await withInput(quick, 'submit', '--input', '-', '--label', 'suite=pipe');
    const jobId = out.trim();
    expect({ err, jobId }).toEqual({ err: '', jobId: expect.stringMatching(/^[a-z0-9-]{26,}$/) });
    const waited = await inPipe('get', jobId, '--wait');
    expect(waited).toMatchObject({ code: 0, out: expect.stringMatching(/^Status +SUCCEEDED$/m) });
    const listed = await inPipe('list', '--label', 'suite=pipe', '--status', 'SUCCEEDED', '--from', '1h');
    expect(listed.out).toMatch(new RegExp(`^JOB .*\\n${jobId} +SUCCEEDED .* suite=pipe\\n$`));
    expect((await inPipe('history', jobId)).out).toMatch(/ExecutionStarted[^]*ExecutionSucceeded\n$/);
    expect((await inPipe('logs', jobId)).out).toMatch(/^0 .* attempt started/);
    expect((await inPipe('stats')).out).toMatch(/^succeedJob +\d+ attempts succeeded\n/);
  });

  test('the output has no colours or bars, and is never cut', async () => {
    const { code, out, err } = await inPipe('submit', '--input', quick, '--wait');
    expect(code).toBe(0);
    expect(stripVTControlCharacters(out + err)).toBe(out + err);
    expect(out).toContain('"records":3');
  });

  test('--output json is the API’s own responses, one per line', async () => {
    const submitted = await inPipe('submit', '--input', quick, '--wait', '--output', 'json');
    const job = JSON.parse(submitted.out) as JobView;
    expect(job).toMatchObject({ status: 'SUCCEEDED', result: { records: 3 } });
    expect(job).toEqual(await service.job(job.jobId));
    await inPipe('submit', '--input', quick, '--wait');
    const pages = (await inPipe('list', '--limit', '2', '--output', 'json')).out.trim().split('\n');
    expect(pages.flatMap((page) => (JSON.parse(page) as JobList).jobs)).toHaveLength(2);
  });

  test('a list continues where it stopped', async () => {
    const first = await inPipe('list', '--limit', '1');
    const cursor = / --cursor (\S+)\n$/.exec(first.err)?.[1] ?? '';
    const second = await inPipe('list', '--limit', '1', '--cursor', cursor);
    const [[firstRow], [secondRow]] = [first, second].map(({ out }) => out.split('\n').slice(1)) as [
      [string],
      [string],
    ];
    expect(secondRow).toMatch(/^[a-z0-9-]{26,} /);
    expect(secondRow).not.toBe(firstRow);
  });

  test('a failed job is exit code 10, and can be retried', async () => {
    const input = '{"source": "synthetic", "records": 3, "failAttempts": 9}';
    const { code, out } = await inPipe(
      'submit',
      '--input',
      input,
      '--max-attempts',
      '1',
      '--wait',
      '-o',
      'json',
    );
    const { jobId } = JSON.parse(out) as JobView;
    expect(code).toBe(10);
    const retried = await inPipe('retry', jobId, '--wait');
    expect(retried).toMatchObject({
      code: 10,
      out: expect.stringMatching(new RegExp(`^Retry of +${jobId}$`, 'm')),
    });
  });

  test('logs --follow shows each line once, and ends with the job', async () => {
    const input = '{"source": "synthetic", "records": 3, "failAttempts": 1}';
    const jobId = (await inPipe('submit', '--input', input)).out.trim();
    const { code, out } = await inPipe('logs', jobId, '--follow', '--output', 'json');
    const lines = out.trim().split('\n');
    expect(code).toBe(0);
    expect(new Set(lines).size).toBe(lines.length);
    const { attempts } = await service.job(jobId);
    expect(attempts).toHaveLength(2);
    expect(lines).toEqual(attempts.flatMap(({ log }) => log));
  });

  test('a job is cancelled; cancelling a job that has succeeded is exit code 1', async () => {
    const jobId = (await inPipe('submit', '--input', endless)).out.trim();
    expect(await inPipe('cancel', jobId)).toEqual({ code: 0, out: `job ${jobId} is CANCELLED\n`, err: '' });
    expect((await inPipe('get', jobId, '--wait')).code).toBe(11);
    const ended = (await inPipe('submit', '--input', quick)).out.trim();
    await service.ended(ended);
    expect(await inPipe('cancel', ended)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Conflict'),
    });
  });

  test('the same idempotency key is the same job', async () => {
    const submit = () => inPipe('submit', '--input', quick, '--idempotency-key', 'nightly-2026-11-28');
    expect((await submit()).out).toBe((await submit()).out);
  });

  test('a schedule, from create to delete', async () => {
    const created = await inPipe(
      'schedule',
      'create',
      '0 7 * * MON',
      '--timezone',
      'Europe/Berlin',
      '--name',
      'weekly',
      '--paused',
      '--timeout',
      '60',
      '-o',
      'json',
    );
    const { scheduleId } = JSON.parse(created.out) as { scheduleId: string };
    expect((await inPipe('schedule', 'list')).out).toMatch(
      new RegExp(`^${scheduleId} +PAUSED +0 7 \\* \\* MON`, 'm'),
    );
    expect((await inPipe('schedule', 'resume', scheduleId)).out).toMatch(/^State +ACTIVE$/m);
    expect(
      (await inPipe('schedule', 'update', scheduleId, '--cron', '@daily', '--input', quick)).out,
    ).toMatch(/^Cron +@daily$/m);
    expect((await inPipe('schedule', 'pause', scheduleId)).out).toMatch(/^State +PAUSED$/m);
    const updated = await inPipe('schedule', 'update', scheduleId, '--max-attempts', '1', '-l', 'team=red');
    expect(updated.out).toMatch(/^Labels +team=red\nLimits +1 attempt of 60s$/m);
    expect(await inPipe('schedule', 'run', scheduleId, '--wait')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Labels +team=red\n[^]*\nLimits +1 attempt of 60s$/m),
    });
    expect((await inPipe('list', '--schedule', scheduleId)).out).toContain(`${scheduleId}-now-`);
    expect((await inPipe('schedule', 'get', scheduleId)).out).toMatch(
      /^Input +\{"source":"synthetic","records":3\}$/m,
    );
    expect(await inPipe('schedule', 'delete', scheduleId)).toMatchObject({ code: 0 });
    expect(await inPipe('schedule', 'get', scheduleId)).toMatchObject({
      code: 1,
      err: expect.stringContaining('NotFound'),
    });
  });

  test('input can come from a file, and keeps its digits', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-input-'));
    try {
      const file = join(directory, 'job.json');
      writeFileSync(
        file,
        '{"source": "inline", "format": "csv", "data": "a\\n1\\n", "key": 12345678901234567890}',
      );
      const { out } = await inPipe('submit', '--input', `@${file}`, '--wait', '-o', 'json');
      expect(out).toContain('"key":12345678901234567890');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('doctor finds nothing wrong, its canary included', async () => {
    const { code, out } = await inPipe('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/^ok +canary +job \S+ was QUEUED for \S+ and RUNNING for \S+$/m);
    expect(out).toMatch(/\n4 ok, 0 failed, 2 skipped\n$/);
  });

  test('a reader that closes the pipe early is not an error', () => {
    const line = `"${bin}" --help | head -n 1; echo done`;
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { env: environment, encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'Usage: eks-jobs [options] [command]\ndone\n', stderr: '' });
  });
});
