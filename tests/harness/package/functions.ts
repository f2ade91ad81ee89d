import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Packaged } from './packaged.ts';

const text = z.union([
  z.string(),
  z.object({ 'Fn::Sub': z.string() }),
  z.object({ Ref: z.string() }),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }),
  z.object({
    'Fn::If': z.tuple([z.string(), z.object({ Ref: z.string() }), z.object({ Ref: z.string() })]),
  }),
]);
const Function = z.looseObject({
  FunctionName: z.string(),
  Handler: z.string(),
  MemorySize: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), text) }),
  Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
});

/** A function as the template describes it, and its unpacked zip. */
export interface PackagedFunction {
  name: string;
  bundle: string;
  export: string;
  environment: Record<string, string>;
  role: string;
  bytes: number;
  zipBytes: number;
  /** Whether a route of the HTTP API calls it. */
  hasRoute: boolean;
}

/** Values that a stack would have: pseudo parameters, parameters and attributes of resources. */
const knownValues: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '123456789012',
  JobNamespace: 'eks-jobs-dev',
  ClusterName: 'eks-jobs-dev',
  ApplicationLogGroup: '/aws/containerinsights/eks-jobs-dev/application',
  'ClusterSetup.Endpoint': 'https://127.0.0.1:9',
  'ClusterSetup.CertificateAuthority': 'bm9uZQ==',
};

function stackValue(name: string): string {
  const value = knownValues[name];
  if (value === undefined)
    throw new Error(`an environment variable uses ${name}, which has no value in this test`);
  return value;
}

/** Resolves a value of the template as CloudFormation does. */
function resolve(value: z.infer<typeof text>): string {
  if (typeof value === 'string') return value;
  if ('Ref' in value) return stackValue(value.Ref);
  // Every condition is taken as true.
  if ('Fn::If' in value) return stackValue(value['Fn::If'][1].Ref);
  if ('Fn::GetAtt' in value) {
    const [resource, attribute] = value['Fn::GetAtt'];
    // The value only needs the form of an ARN.
    if (attribute === 'Arn') return `arn:aws:test:eu-central-1:123456789012:${resource}`;
    return stackValue(`${resource}.${attribute}`);
  }
  return value['Fn::Sub'].replaceAll(/\$\{([^}]+)\}/g, (_token, name: string) => stackValue(name));
}

/** Lists every function of the package with the bundle and the environment that Lambda will have. Unpacks the zips. */
export function functionsOf({ template, directory }: Packaged): PackagedFunction[] {
  const integrations = JSON.stringify(
    Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Integration'),
  );
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([logicalId, { Properties }]) => {
      const properties = Function.parse(Properties);
      const name = properties.FunctionName.replace(/^.*-/, '');
      const zip = join(directory, `${name}.zip`);
      const unpacked = join(directory, 'unpacked', name);
      // Node cannot read zip files, and check:aws needs Python anyway.
      execFileSync('python3', ['-m', 'zipfile', '-e', zip, unpacked]);
      const dot = properties.Handler.lastIndexOf('.');
      const bundle = join(unpacked, `${properties.Handler.slice(0, dot)}.mjs`);
      return {
        name,
        bundle,
        export: properties.Handler.slice(dot + 1),
        environment: Object.fromEntries(
          Object.entries(properties.Environment.Variables).map(([key, value]) => [key, resolve(value)]),
        ),
        role: properties.Role['Fn::GetAtt'][0],
        bytes: statSync(bundle).size,
        zipBytes: statSync(zip).size,
        hasRoute: integrations.includes(`"${logicalId}"`),
      };
    });
}
