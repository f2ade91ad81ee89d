import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { UserError } from '../lib/user-error.ts';
import { buildImage, localImage } from './build.ts';
import { type BuilderName, builderNames } from './builder.ts';
import { type Destination, destinations, ensureLoadable, loadArchive } from './load.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

/** `npm run image`: builds the container's image and puts it where a cluster finds it. */
interface CommandOptions {
  tag: string;
  builder?: BuilderName;
  platform?: string;
  buildContext: string[];
  prebuilt: boolean;
  output?: string;
  load?: Destination;
  cluster?: string;
  address?: string;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

const options = new Command('npm run image --')
  .description(
    'Builds the image of data_processor/ with docker, podman or buildah, the first one that works.',
  )
  .option('--tag <name>', "the image's name", localImage)
  .addOption(new Option('--builder <name>', 'use this builder only').choices(builderNames))
  .option('--platform <os/arch>', 'for another processor, such as linux/arm64')
  .option(
    '--build-context <name=directory>',
    'a directory that replaces a stage of the Dockerfile; may be repeated',
    collect,
    [],
  )
  .option('--prebuilt', "build the program with this machine's cargo (Linux), without base images", false)
  .addOption(
    new Option('--output <file>', 'write the image to this file, as docker save does').argParser(toPath),
  )
  .addOption(
    new Option('--load <cluster>', 'load the image into a cluster of this kind').choices(destinations),
  )
  .option('--cluster <name>', 'with --load: the name of the kind or k3d cluster, or of the minikube profile')
  .option('--address <socket>', "with --load containerd: containerd's socket")
  .allowExcessArguments(false)
  .parse()
  .opts<CommandOptions>();

function toPath(path: string): string {
  return resolve(path);
}

async function run(signal: AbortSignal): Promise<void> {
  const { load, cluster, address, buildContext, output, ...image } = options;
  const target = { cluster, address };
  if (load === undefined) {
    if (cluster !== undefined || address !== undefined) {
      throw new UserError('--cluster and --address go with --load');
    }
    await buildImage({ ...image, buildContexts: buildContext, output, signal });
    console.log(output ?? image.tag);
    return;
  }
  ensureLoadable(load, target);
  await withTemporaryDirectory(async (directory) => {
    const archive = output ?? join(directory, 'image.tar');
    await buildImage({ ...image, buildContexts: buildContext, output: archive, signal });
    await loadArchive(load, archive, target, signal);
  });
  console.log(`${image.tag} is loaded (${load})`);
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    stopping.abort();
  });
}
try {
  await run(stopping.signal);
} catch (error) {
  if (stopping.signal.aborted) process.exitCode = 130;
  else if (error instanceof UserError) {
    console.error(`eks-jobs: ${error.message}`);
    process.exitCode = 1;
  } else throw error;
}
