import { describe, expect, test } from '@jest/globals';
import { functionsOf } from './functions.ts';
import { packaged } from './packaged.ts';
import { permissionsOf } from './permissions.ts';

/** Nothing is open by default: not a role (promise 4). */
const service = packaged();
const permissions = permissionsOf(service.template);

describe('the roles', () => {
  test('are one for each function, and the state machine’s', () => {
    const roles = functionsOf(service).map(({ role }) => role);
    expect(new Set(roles).size).toBe(roles.length);
    expect(Object.keys(permissions).sort()).toEqual([...roles, 'RunJobRole'].sort());
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
});
