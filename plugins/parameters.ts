import type { Configuration, Hooks } from './framework.ts';
import { problemsWith } from './parameters/check.ts';
import { bucketObjects, defaultParameters, templateParameters } from './parameters/template.ts';

/**
 * Resolves the parameters as the framework does: the command line first, then those of the stage, then the defaults. A default
 * is used as it is, including the variables in it: only a value that a user set can be wrong.
 */
export function givenParameters({
  configurationInput,
  processedInput,
  service,
}: Pick<Configuration, 'configurationInput' | 'processedInput' | 'service'>): Record<string, unknown> {
  const { params = {} } = configurationInput;
  const fromCommandLine = (processedInput.options.param ?? []).map((item) => {
    const at = item.indexOf('=');
    return [item.slice(0, at), item.slice(at + 1).trimEnd()];
  });
  return {
    ...params['default'],
    ...params[service.provider.stage],
    ...(Object.fromEntries(fromCommandLine) as Record<string, string>),
  };
}

/** What the framework passes to the source of a variable: `${stack:ADDRESS}`, and a way to resolve another variable. */
interface VariableRequest {
  address?: string;
  resolveVariable: (variable: string) => Promise<unknown>;
}

/** Adds the defaults of the table; `params` of serverless.yml replaces them. */
export function addDefaults(
  serverless: Pick<Configuration, 'configurationInput' | 'extendConfiguration'>,
): void {
  const { params = {} } = serverless.configurationInput;
  for (const [stage, defaults] of Object.entries(defaultParameters())) {
    serverless.extendConfiguration(['params', stage], { ...defaults, ...params[stage] });
  }
}

/**
 * The parameters of a deploy, all from plugins/parameters/table.ts: the defaults of `${param:name}`, the template's section
 * `${stack:parameters}`, what is made of a parameter (`${stack:bucketObjects}`), and the check of `--param` before anything is built or sent. The framework ignores a name that it does
 * not know: `--param custer=main` would create a cluster instead of using one.
 */
export default class ParametersPlugin {
  readonly hooks: Hooks;
  readonly configurationVariablesSources = {
    stack: {
      resolve: async ({ address, resolveVariable }: VariableRequest) => {
        if (address === 'parameters') return { value: templateParameters() };
        if (address === 'bucketObjects') {
          return { value: bucketObjects(String(await resolveVariable('param:buckets'))) };
        }
        return { value: null };
      },
    },
  };

  constructor(serverless: Configuration) {
    addDefaults(serverless);
    this.hooks = {
      initialize: () => {
        const problems = problemsWith(givenParameters(serverless));
        if (problems.length === 0) return;
        const message = `Wrong --param:\n${problems.map((line) => `  ${line}`).join('\n')}\ndocs/deploying.md lists all parameters.`;
        throw new serverless.classes.Error(message, 'WRONG_PARAMETERS');
      },
    };
  }
}
