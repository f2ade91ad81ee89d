import { type Command, Option } from 'commander';
import { integerParser } from '../arguments.ts';
import type { DoctorOptions } from '../doctor/examine.ts';
import { renderFinding, renderSummary } from '../doctor/finding.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { type CommandContext, newCommand, painter, withAction } from '../session.ts';

interface CommandOptions extends Omit<DoctorOptions, 'canaryInput'> {
  canaryInput: string;
}

/** `eks-jobs doctor` */
export const doctorCommand = (context: CommandContext): Command =>
  withAction<CommandOptions>(
    newCommand('doctor', 'Check a setup and say how to repair it. The exit code is 1 if a check fails.', [
      'eks-jobs doctor',
      'eks-jobs doctor --no-canary',
      'eks-jobs doctor --stack eks-jobs-dev --region eu-central-1 --context my-cluster',
    ])
      .option(
        '--stack <name>',
        'check this stack of `sls deploy` and its cluster too; and its API, unless --api is given',
      )
      .option('--context <name>', 'check the NodePool in the cluster of this kubeconfig context')
      .option('--kubeconfig <file>', 'kubeconfig to read (default: KUBECONFIG, else ~/.kube/config)')
      .option(
        '--namespace <name>',
        "namespace of the jobs, and name of their NodePool (default: the stack's, else eks-jobs)",
      )
      .addOption(new Option('--no-canary', 'submit no job; the canary is a real job, and stats count it'))
      .addOption(
        new Option('--canary-input <json>', "the canary's input: JSON, @FILE, or -").default(
          '{"source": "synthetic", "records": 1}',
        ),
      )
      .addOption(
        new Option(
          '--canary-seconds <seconds>',
          'time limit of the canary, which may have to wait for a node',
        )
          .default(600)
          .argParser(integerParser(1, 7200)),
      ),
    context,
    async (session, options) => {
      const canaryInput = await readInput(options.canaryInput, session.shell.input);
      // Imported here, because the AWS SDK takes longer to load than any other command takes to run.
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
      if (output === 'table') shell.out.write(renderSummary(counts));
      return counts.failed > 0 ? exitCodes.rejected : exitCodes.done;
    },
  );
