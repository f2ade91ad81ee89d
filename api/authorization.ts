import { Authorization } from '../jobs/settings.ts';

/** The authorization types of an API, as `--param auth` names them. */
export const authorizationTypes = Authorization.options;

/** Reads the authorization type from the stack's output of that name; undefined when it is not one of these types. */
export const readAuthorization = (output: string | undefined): Authorization | undefined =>
  Authorization.safeParse(output).data;
