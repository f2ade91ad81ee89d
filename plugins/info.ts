import { readAuthorization } from '../api/authorization.ts';
import type { Hooks, Serverless } from './framework.ts';
import { firstJob } from './info/first-job.ts';

/** The framework's own plugin for `sls info`, which has read the stack's outputs from CloudFormation. */
interface Gatherer {
  gatheredData?: { outputs: { OutputKey?: string; OutputValue?: string }[] };
}

/** Prints the API's address and the commands for a first job at the end of `sls info` and `sls deploy`. */
export default class InfoPlugin {
  readonly hooks: Hooks;

  constructor(serverless: Serverless) {
    this.hooks = {
      // `sls deploy` has this event too, once, before it prints the end.
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
