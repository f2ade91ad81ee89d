import { createInterface } from 'node:readline';
import { readOptions } from '../../local/options.ts';
import { startService } from '../../local/service.ts';
import { SteppedClock } from './virtual-clock.ts';

/** `npm start` with a clock for schedules that does not move: each line of standard input sets its time. */
const clock = new SteppedClock(process.env['SCHEDULER_TIME'] ?? '');
const stopping = new AbortController();
const options = readOptions(process.argv.slice(2));
const stop = await startService(options, stopping.signal, () => process.exit(1), clock);
createInterface({ input: process.stdin }).on('line', (now) => {
  clock.set(now);
});
process.once('SIGTERM', () => {
  stopping.abort();
  void stop().then(() => process.exit(0));
});
console.log(`ready http://127.0.0.1:${options.port}`);
