import { afterEach, expect, test } from '@jest/globals';
import { podEnvironment } from '../../../local/environment.ts';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

// Everyone who may read Jobs in the namespace could read the credentials.
test("the environment of a pod does not contain the user's credentials", () => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    BEAT_SECONDS: '1',
  });
  expect(podEnvironment('http://10.0.0.1:3002')).toEqual({
    AWS_ENDPOINT_URL_DYNAMODB: 'http://10.0.0.1:3002',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    BEAT_SECONDS: '1',
  });
});
