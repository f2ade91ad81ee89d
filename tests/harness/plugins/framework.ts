import ImagePlugin from '../../../plugins/image.ts';
import type { Serverless, Template } from '../../../plugins/framework.ts';

/**
 * `node framework.ts '{"stage", "image"}' HOOK…` calls the plugin's hooks as osls does. It is a separate process, because
 * the plugin finds programs by the PATH. It prints the messages for the user and then the template. A FrameworkError
 * ends it with a message and exit code 1, as osls does; all other errors are crashes.
 */
const [settings = '{}', ...hooks] = process.argv.slice(2);
const { stage, image } = JSON.parse(settings) as { stage: string; image: Record<string, unknown> };

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
const print =
  (kind: string) =>
  (text: string): void => {
    console.log(`${kind}: ${text}`);
  };
const plugin = new ImagePlugin(
  serverless,
  {},
  {
    log: { notice: print('notice'), warning: print('warning') },
    progress: { get: () => ({ notice: print('progress'), remove: () => undefined }) },
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
