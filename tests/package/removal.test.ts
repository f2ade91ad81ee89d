import { describe, expect, test } from '@jest/globals';
import { Dependencies, namesIn } from '../harness/package/dependencies.ts';
import { packaged, packagedVariant, type Template } from '../harness/package/packaged.ts';
import { permissionsOf } from './permissions.ts';

/**
 * What `sls remove` does in which order. CloudFormation deletes a resource before those that it depends on, and at any time
 * before or after all others: an order that no dependency enforces holds only by chance.
 */
const { template } = packaged();

const ofTypes = ({ Resources }: Template, types: RegExp): string[] =>
  Object.entries(Resources)
    .filter(([, { Type }]) => types.test(Type))
    .map(([name]) => name);

describe.each([
  ['the default', template],
  ['the variant', packagedVariant().template],
])('in %s package,', (_name, each) => {
  const dependencies = new Dependencies(each);
  const all = Object.keys(each.Resources);

  test('no resource depends on itself', () => {
    expect(all.filter((name) => dependencies.of(name).has(name))).toEqual([]);
  });

  test('the API and the schedules are deleted before running jobs are stopped', () => {
    const starters = ofTypes(each, /::ApiGatewayV2::Stage$|::Scheduler::/);
    expect(starters.sort()).toEqual(['HttpApiStage', 'ScheduleGroup']);
    for (const starter of starters) {
      expect(dependencies.mayBeDeletedBefore(starter, ['RunningJobs'])).toEqual([]);
    }
  });

  test('running jobs are stopped before the state machine is deleted', () => {
    expect(ofTypes(each, /::StateMachine$/)).toEqual(['RunJobStateMachine']);
    expect(dependencies.mayBeDeletedBefore('RunningJobs', ['RunJobStateMachine'])).toEqual([]);
  });

  test('what a running job needs is deleted after it has been stopped', () => {
    const needed = ['RunJobAccessEntry', 'SettleJobAccessEntry', 'JobIdentity', 'JobRole', 'RunJobRole'];
    const inCluster = ['ClusterSetup', 'JobsTable', 'SettleJobLambdaFunction', 'SettleJobRole'];
    expect(dependencies.mayBeDeletedBefore('RunningJobs', [...needed, ...inCluster])).toEqual([]);
  });

  test('routes, gateways and endpoints outlive ClusterSetup, which waits for the last pod and node', () => {
    const network = ofTypes(
      each,
      /::EC2::(?!FlowLog)/, // A flow log is not needed by any pod.
    );
    expect(network).toEqual(
      expect.arrayContaining([
        'NatGateway',
        'PrivateRoute',
        'PublicRoute',
        'TableEndpoint',
        'ObjectsEndpoint',
      ]),
    );
    expect(dependencies.mayBeDeletedBefore('ClusterSetup', network)).toEqual([]);
  });

  test('the cluster, its roles and the nodes’ access entry outlive ClusterSetup', () => {
    const needed = ['Cluster', 'ClusterRole', 'ClusterKey', 'NodeRole', 'NodeAccessEntry'];
    expect(dependencies.mayBeDeletedBefore('ClusterSetup', needed)).toEqual([]);
  });

  // CloudFormation calls the function of a custom resource also to delete it. All that this call needs must still exist.
  describe.each(ofTypes(each, /^Custom::/))('the deletion of %s', (name) => {
    const functionName = namesIn(each.Resources[name]?.Properties?.['ServiceToken'])[0] ?? '';
    const lambda = each.Resources[functionName];
    const role = namesIn(lambda?.Properties?.['Role'])[0] ?? '';

    test('has its function, with its role and its log', () => {
      const log = Object.entries(each.Resources).filter(
        ([, { Properties }]) =>
          Properties?.['LogGroupName'] === `/aws/lambda/${String(lambda?.Properties?.['FunctionName'])}`,
      );
      expect(log).toHaveLength(1);
      const needed = [functionName, role, ...log.map(([group]) => group)];
      expect(needed).not.toContain('');
      expect(dependencies.mayBeDeletedBefore(name, needed)).toEqual([]);
    });

    test('has its access to the cluster', () => {
      const entries = ofTypes(each, /::AccessEntry$/).filter((entry) =>
        namesIn(each.Resources[entry]?.Properties?.['PrincipalArn']).includes(role),
      );
      expect(entries).toEqual(name === 'ClusterSetup' ? ['ClusterSetupAccessEntry'] : []);
      expect(dependencies.mayBeDeletedBefore(name, entries)).toEqual([]);
    });

    test('has everything that the permissions and the settings of its function name', () => {
      const resources = permissionsOf(each)[role]?.flatMap(({ Resource }) => Resource);
      const named = [
        ...namesIn(resources),
        ...namesIn(lambda?.Properties?.['Environment']),
        ...namesIn(each.Resources[role]?.Properties?.['ManagedPolicyArns']),
      ].filter((other) => all.includes(other));
      expect(named.length).toBeGreaterThan(0);
      expect(dependencies.mayBeDeletedBefore(name, named)).toEqual([]);
    });
  });
});

// The API calls that the function makes by name, not by reference: the name of the state machine is in its settings.
test('the function that stops jobs may stop executions only of this state machine', () => {
  const statements = permissionsOf(template)['StopJobsRole'] ?? [];
  const machine = template.Resources['RunJobStateMachine']?.Properties?.['StateMachineName'];
  const allowed = statements.filter(({ Action }) => Action.some((action) => action.startsWith('states:')));
  expect(allowed.flatMap(({ Action }) => Action).sort()).toEqual([
    ...['states:DescribeExecution', 'states:GetExecutionHistory'],
    ...['states:ListExecutions', 'states:StopExecution'],
  ]);
  for (const { Resource } of allowed) expect(JSON.stringify(Resource)).toContain(`:${String(machine)}`);
});
