import { type Command, Option } from 'commander';
import { command, runs, type Setting } from '../action.ts';
import { readInput } from '../arguments/input.ts';
import { integer } from '../arguments/numbers.ts';
import type { DoctorOptions } from '../doctor/examine.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderFinding, summaryOf } from '../output/findings.ts';
import { painter } from '../shell.ts';

interface Options extends Omit<DoctorOptions, 'canaryInput'> {
  canaryInput: string;
}

/** `eks-jobs doctor` */
export const doctor = (setting: Setting): Command =>
  runs<Options>(
    command('doctor', 'Say what is wrong with a setup, and what to do; exit code 1 when something is.', [
      'eks-jobs doctor',
      'eks-jobs doctor --no-canary',
      'eks-jobs doctor --stack eks-jobs-dev --region eu-central-1 --context my-cluster',
    ])
      .option(
        '--stack <name>',
        'look at this stack of `sls deploy` and its cluster too; its API, unless --api names one',
      )
      .option('--context <name>', 'look for the NodePool in the cluster of this context of the kubeconfig')
      .option('--kubeconfig <file>', 'instead of KUBECONFIG or ~/.kube/config')
      .option(
        '--namespace <name>',
        "the jobs' namespace, and their NodePool (default: the stack's, else eks-jobs)",
      )
      .addOption(new Option('--no-canary', 'submit no job; the canary is a real one, which stats count'))
      .addOption(
        new Option('--canary-input <json>', 'its input: JSON, @FILE, or -').default(
          '{"source": "synthetic", "records": 1}',
        ),
      )
      .addOption(
        new Option('--canary-seconds <seconds>', 'how long it may take: a node may have to come first')
          .default(600)
          .argParser(integer(1, 7200)),
      ),
    setting,
    async (session, options) => {
      const canaryInput = await readInput(options.canaryInput, session.shell.input);
      // Loaded here: the clients of AWS take longer than a whole other command.
      const { examine } = await import('../doctor/examine.ts');
      const {
        shell,
        options: { output, color },
      } = session;
      const paint = painter(shell.out, color);
      const counts = { ok: 0, failed: 0, skipped: 0 };
      for await (const finding of examine(session, { ...options, canaryInput })) {
        counts[finding.outcome] += 1;
        shell.out.write(output === 'json' ? `${JSON.stringify(finding)}\n` : renderFinding(finding, paint));
      }
      if (output === 'table') shell.out.write(summaryOf(counts));
      return counts.failed > 0 ? exitCodes.refused : exitCodes.done;
    },
  );
