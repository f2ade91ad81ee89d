import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../../../cli/run.ts';
import type { Screen } from '../../../cli/session.ts';

/** The exit code and the output of a command line. */
export interface EksJobsResult {
  code: number;
  out: string;
  err: string;
}

export interface CommandInput {
  input?: string;
  /** Aborted when the user presses Ctrl-C. */
  interrupted?: AbortSignal;
}

/** Runs `eks-jobs …` in this process, with pipes instead of a terminal. */
export async function eksJobs(
  arguments_: readonly string[],
  { input, interrupted = new AbortController().signal }: CommandInput = {},
): Promise<EksJobsResult> {
  const [out, err] = [new TextStream(), new TextStream()];
  const code = await runCommandLine(arguments_, {
    ...{ out, err, interrupted },
    input: Readable.from(input === undefined ? [] : [Buffer.from(input)]),
  });
  return { code, out: out.text, err: err.text };
}

/** A stream that keeps what is written to it. */
class TextStream extends Writable implements Screen {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
