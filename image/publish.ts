import { UserError } from '../lib/user-error.ts';
import { buildPrebuilt, folder } from './build.ts';
import type { Builder } from './builder.ts';
import { type Credentials, withLogin } from './login.ts';
import { requireProgram } from '../lib/program.ts';

/** The processors of the nodes, as Kubernetes and docker call them. */
export const architectures = ['amd64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** The names that Node has for these processors. */
const nodeNames: Record<Architecture, NodeJS.Architecture> = { amd64: 'x64', arm64: 'arm64' };

/** How long building and pushing may take, in milliseconds: an emulated processor compiles ten times slower. */
const publishWithin = 2 * 3600_000;

/** What to build, and where to push it. */
export interface Publication {
  /** REGISTRY/REPOSITORY:TAG. */
  uri: string;
  architecture: Architecture;
  builder: Builder;
  /** As in `buildImage`. */
  prebuilt: boolean;
  /** Called when the image is built, because a login is valid for some hours only. */
  login: () => Promise<Credentials>;
  signal: AbortSignal;
}

/**
 * Builds the image of data_processor/ and pushes it; progress goes to standard error.
 * @throws UserError naming what is missing on this machine, or with the last lines of the build or push.
 */
export async function publishImage({
  uri,
  architecture,
  builder,
  prebuilt,
  login,
  signal: stop,
}: Publication): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(publishWithin)]);
  const native = nodeNames[architecture] === process.arch;
  if (prebuilt && !native) {
    throw new UserError(
      `a prebuilt image contains this machine's program (${process.arch}), and the nodes are ${architecture}`,
    );
  }
  const image = { folder, tag: uri, platform: `linux/${architecture}` };
  const push = async (by: Builder, storage: readonly string[]): Promise<void> =>
    withLogin(await login(), (session) =>
      requireProgram(by.name, by.push(uri, session, storage), { signal, environment: session.environment }),
    );
  if (prebuilt) {
    await buildPrebuilt(builder, image, { use: push, signal });
    return;
  }
  try {
    await requireProgram(builder.name, builder.build({ ...image, buildContexts: [] }), { signal });
  } catch (error) {
    if (native || !(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message}\n  The image is for ${architecture} and this machine is ${process.arch}: the builder needs an ` +
        'emulator for it (Debian: qemu-user-static), or build on such a machine.',
    );
  }
  await push(builder, []);
}
