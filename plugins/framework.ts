import type { ECRClientConfig } from '@aws-sdk/client-ecr';

/** The parts of osls that the plugins here use; it describes only its configuration file in TypeScript. */

interface Provider {
  getStage: () => string;
  getRegion: () => string;
  /** Region and credentials as every call of the framework has them. */
  getAwsSdkV3Config: () => Promise<ECRClientConfig>;
}

export interface Serverless {
  service: {
    service: string;
    custom?: Record<string, unknown>;
    provider: { compiledCloudFormationTemplate: Template };
  };
  getProvider: (name: 'aws') => Provider;
  /** What the framework prints as the message of a failed command, without a stack trace. */
  classes: { Error: new (message: string, code: string) => Error };
  /** Sections that `sls info` and `sls deploy` print at the end, those of plugins last. */
  servicePluginOutputs: Map<string, string | string[]>;
  pluginManager: { plugins: object[] };
}

/** What serverless.yml and the command line say, before anything is packaged. */
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

export interface Template {
  Parameters?: Record<string, unknown>;
  Resources: Record<string, unknown>;
  Outputs?: Record<string, { Description?: string; Value: unknown }>;
}

/** How a plugin speaks to the user. */
export interface Writers {
  log: { notice: (text: string) => void; warning: (text: string) => void };
  progress: { get: (name: string) => { notice: (text: string) => void; remove: () => void } };
}

/** When a plugin is called. */
export type Hooks = Record<string, () => Promise<void> | void>;
