import type { ECRClientConfig } from '@aws-sdk/client-ecr';

/** The parts of osls that these plugins use; osls has TypeScript types only for its configuration file. */

interface Provider {
  getStage: () => string;
  getRegion: () => string;
  /** Returns the region and credentials of the framework's own calls. */
  getAwsSdkV3Config: () => Promise<ECRClientConfig>;
}

export interface Serverless {
  service: {
    service: string;
    custom?: Record<string, unknown>;
    provider: { compiledCloudFormationTemplate: Template };
  };
  getProvider: (name: 'aws') => Provider;
  /** An error of which the framework prints only the message, without a stack trace. */
  classes: { Error: new (message: string, code: string) => Error };
  /** Sections that `sls info` and `sls deploy` print at the end. */
  servicePluginOutputs: Map<string, string | string[]>;
  pluginManager: { plugins: object[] };
}

/** The contents of serverless.yml and the command line, before anything is packaged. */
export interface Configuration {
  service: {
    custom?: Record<string, unknown>;
    provider: { stage: string; httpApi?: Record<string, unknown> };
    functions: Record<string, { events?: { httpApi?: unknown }[] }>;
  };
  configurationInput: { params?: Record<string, Record<string, unknown> | undefined> };
  processedInput: { options: { param?: string[] } };
  /** Sets a property of the configuration, while plugins are loaded; variables in the value are resolved afterwards. */
  extendConfiguration(path: string[], value: unknown): void;
  classes: Serverless['classes'];
}

/** A command and the configuration with its variables resolved, before anything is packaged. */
export interface FrameworkCommand extends Pick<Serverless, 'getProvider' | 'classes'> {
  processedInput: { commands: string[] };
  service: {
    service: string;
    functions: Record<string, { name?: string }>;
    resources?: Partial<Template>;
  };
  configurationInput: { stepFunctions?: { stateMachines?: Record<string, { name?: string }> } };
}

export interface Template {
  Parameters?: Record<string, unknown>;
  Resources: Record<string, unknown>;
  Outputs?: Record<string, { Description?: string; Value: unknown }>;
}

/** The output of a plugin. */
export interface Writers {
  log: { notice: (text: string) => void; warning: (text: string) => void };
  progress: { get: (name: string) => { notice: (text: string) => void; remove: () => void } };
}

/** The events at which the framework calls a plugin. At `error` it passes what ended the command. */
export type Hooks = Record<string, (failure?: unknown) => Promise<void> | void>;
