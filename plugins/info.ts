import { readAuthorization } from '../api/authorization.ts';
import type { Hooks, Serverless } from './framework.ts';
import { firstJob } from './info/first-job.ts';

/** The framework's own plugin for `sls info`, which has asked CloudFormation for the stack's outputs. */
interface Gatherer {
  gatheredData?: { outputs: { OutputKey?: string; OutputValue?: string }[] };
}

/** The end of `sls info` and `sls deploy`: where the API is, and the commands for a first job. */
export default class InfoPlugin {
  readonly hooks: Hooks;

  constructor(serverless: Serverless) {
    this.hooks = {
      // Not an `after:` hook of the last event: that comes in `sls deploy` as well, once, before the end is printed.
      'after:aws:info:displayStackOutputs': () => {
        const outputs = outputsOf(serverless.pluginManager.plugins);
        const url = outputs.get('HttpApiUrl');
        const authorization = readAuthorization(outputs.get('Authorization'));
        if (url === undefined || authorization === undefined) return;
        const region = serverless.getProvider('aws').getRegion();
        serverless.servicePluginOutputs.set('api', url);
        serverless.servicePluginOutputs.set('first job', firstJob({ url, authorization, region }));
      },
    };
  }
}

function outputsOf(plugins: object[]): Map<string | undefined, string | undefined> {
  const outputs = plugins.flatMap((plugin) => (plugin as Gatherer).gatheredData?.outputs ?? []);
  return new Map(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}
