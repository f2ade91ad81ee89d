import { describe, expect, test } from '@jest/globals';
import { functionsOf } from './functions.ts';
import { packaged } from './packaged.ts';
import { permissionsOf } from './permissions.ts';

/** Nothing is open by default: not a role (promise 4). */
const service = packaged();
const permissions = permissionsOf(service.template);

describe('the roles', () => {
  test('are one for each function, the state machine’s and EventBridge Scheduler’s', () => {
    const roles = functionsOf(service).map(({ role }) => role);
    expect(new Set(roles).size).toBe(roles.length);
    expect(Object.keys(permissions).sort()).toEqual([...roles, 'RunJobRole', 'SchedulerRole'].sort());
  });

  test.each(Object.entries(permissions))('%s names its actions and resources', (_role, statements) => {
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect).toBe('Allow');
      expect(Action.filter((action) => action.includes('*'))).toEqual([]);
      expect(Resource).not.toContain('*');
    }
  });

  test('only settle-job can be invoked by the state machine, and only items be put', () => {
    const actions = permissions['RunJobRole']?.flatMap(({ Action }) => Action);
    expect(actions).toEqual(['dynamodb:PutItem', 'lambda:InvokeFunction']);
  });

  test('EventBridge Scheduler starts jobs and leaves dead letters, for schedules of this group alone', () => {
    expect(permissions['SchedulerRole']?.flatMap(({ Action }) => Action)).toEqual([
      'states:StartExecution',
      'sqs:SendMessage',
    ]);
    // A condition on a schedule's own ARN is never met: AWS gives the group's.
    expect(service.template.Resources['SchedulerRole']?.Properties).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                'aws:SourceArn': { 'Fn::GetAtt': ['ScheduleGroup', 'Arn'] },
              },
            },
          },
        ],
      },
    });
  });

  // Whoever may pass a role to a service may do what the role may.
  test('only Scheduler’s role can be passed on, and only to Scheduler', () => {
    const passing = Object.values(permissions)
      .flat()
      .filter(({ Action }) => Action.includes('iam:PassRole'));
    expect(passing.length).toBeGreaterThan(0);
    for (const { Resource, Condition } of passing) {
      expect(Resource).toEqual([{ 'Fn::GetAtt': ['SchedulerRole', 'Arn'] }]);
      expect(Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
    }
  });
});
