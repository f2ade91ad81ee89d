import { readFileSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { FaultProxy } from '../tests/harness/container/fault-proxy.ts';
import { exitOf, Machine } from '../tests/harness/container/machine.ts';
import { freePorts } from '../tests/harness/running-service.ts';
import { range } from './measure.ts';

const rounds = 30;

/** Measures the container without the service: its size, the time from start to first write, and its peak memory. */
export async function benchContainer(binary: string): Promise<string[]> {
  const machine = await Machine.start(await freePorts(), binary);
  const proxy = await FaultProxy.start(machine.endpoint);
  const times: number[] = [];
  const memory: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const jobId = await machine.register({ source: 'synthetic', records: 0 });
      let write = 0;
      let peak = 0;
      const started = performance.now();
      const container = machine.container(jobId, 0, proxy.url);
      proxy.plan();
      // The first request reads the job, the second is Start, and the third is Finish, when memory has reached its peak.
      proxy.onRequest((count) => {
        if (count === 2) write = performance.now();
        if (count === 3) peak = peakMegabytes(container.pid ?? 0);
      });
      await exitOf(container);
      times.push(write - started);
      memory.push(peak);
    }
  } finally {
    await proxy.stop();
    await machine.stop();
  }
  return [
    `size                 ${(statSync(binary).size / 1e6).toFixed(1)} MB, one static binary with S3 and TLS`,
    `start to first write ${range(times, 'ms')}`,
    `peak memory          ${range(memory, 'MB')}`,
  ];
}

/** Reads the peak memory of a process, which Linux records. */
const peakMegabytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;
