import ImagePlugin from '../../../plugins/image.ts';
import type { Serverless, Template } from '../../../plugins/framework.ts';

/**
 * `node framework.ts '{"stage", "image"}' HOOK…`: does with the plugin what osls does, in a process of its own, as the
 * programs it runs are found by the PATH. What the user would read goes to standard output, the template last; the
 * framework's own way to end is exit code 1 with a message, anything else is a crash.
 */
const [given = '{}', ...hooks] = process.argv.slice(2);
const { stage, image } = JSON.parse(given) as { stage: string; image: Record<string, unknown> };

class FrameworkError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

const template: Template = {
  Parameters: { JobImage: { Type: 'String', Default: image['uri'] } },
  Resources: { Machine: { DefinitionString: { 'Fn::Sub': '{"image":"${JobImage}"}' } } },
};
const serverless: Serverless = {
  service: {
    service: 'eks-jobs',
    custom: { image: { uri: '', architecture: 'amd64', builder: '', prebuilt: 'false', ...image } },
    provider: { compiledCloudFormationTemplate: template },
  },
  getProvider: () => ({
    getStage: () => stage,
    getRegion: () => 'eu-west-1',
    getAwsSdkV3Config: () => Promise.resolve({ region: 'eu-west-1' }),
  }),
  classes: { Error: FrameworkError },
  servicePluginOutputs: new Map(),
  pluginManager: { plugins: [] },
};
const say =
  (kind: string) =>
  (text: string): void => {
    console.log(`${kind}: ${text}`);
  };
const plugin = new ImagePlugin(
  serverless,
  {},
  {
    log: { notice: say('notice'), warning: say('warning') },
    progress: { get: () => ({ notice: say('progress'), remove: () => undefined }) },
  },
);
try {
  for (const hook of hooks) {
    const work = plugin.hooks[hook];
    if (work === undefined) throw new Error(`the plugin has no hook ${hook}`);
    await work();
  }
  console.log(JSON.stringify(template));
} catch (error) {
  if (!(error instanceof FrameworkError)) throw error;
  console.log(`error: ${error.message}`);
  process.exitCode = 1;
}
