import { Readable, Writable } from 'node:stream';
import { run } from '../../../cli/run.ts';
import type { Screen } from '../../../cli/shell.ts';

/** How a command line ended, and what it said. */
export interface Said {
  code: number;
  out: string;
  err: string;
}

export interface Around {
  input?: string;
  /** Aborted: the user has pressed Ctrl-C. */
  interrupted?: AbortSignal;
}

/** Runs `eks-jobs …` in this process, as in a pipe. */
export async function eksJobs(arguments_: readonly string[], around: Around = {}): Promise<Said> {
  const [out, err] = [new Kept(), new Kept()];
  const code = await run(arguments_, {
    out,
    err,
    input: Readable.from(around.input === undefined ? [] : [Buffer.from(around.input)]),
    interrupted: around.interrupted ?? new AbortController().signal,
  });
  return { code, out: out.text, err: err.text };
}

class Kept extends Writable implements Screen {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
