import { Option } from 'commander';
import { integer } from '../arguments/numbers.ts';

/** What commands take that may wait for a job. */
export interface WaitOptions {
  wait?: boolean;
  waitSeconds: number;
}

export const waitOption = (): Option =>
  new Option('-w, --wait', 'wait for the end of the job; the exit code is its outcome');

/** A job is over after three times six hours of waiting and six of running, and some minutes. */
export const waitSecondsOption = (): Option =>
  new Option('--wait-seconds <seconds>', 'with --wait: give up after so long; the job goes on')
    .default(172_800, 'two days, longer than any job')
    .argParser(integer(1, 172_800));
