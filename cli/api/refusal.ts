import * as z from 'zod';
import { scopes } from '../../api/scopes.ts';
import { ErrorBody } from '../../api/responses/service.ts';
import type { Detail } from '../../jobs/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import type { Authorization } from './authorization.ts';

/** What the API's functions answer, and what API Gateway answers before them. */
const Body = z.union([ErrorBody, z.object({ message: z.string().nullable() })]);

/** The API said no: its own words, with each field that it named. */
export class ApiRefusal extends CommandFailure {
  override readonly name = 'ApiRefusal';
  readonly status: number;
  readonly details: readonly Detail[];
  /** How long the API asks to wait, in seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    { status, details, hints, retryAfter }: Pick<ApiRefusal, 'status' | 'details' | 'hints' | 'retryAfter'>,
  ) {
    super(message, {
      exitCode: status === 401 || status === 403 ? exitCodes.unauthorized : exitCodes.refused,
      hints,
    });
    this.status = status;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

export interface Refused {
  status: number;
  text: string;
  /** API Gateway's own id of the request, where the body has none. */
  gatewayRequestId: string | null;
  retryAfter: number | undefined;
  /** The header `www-authenticate`, which says what is wrong with a token. */
  challenge: string | null;
}

/** @returns what was refused and why, or undefined when it is not this API that speaks. */
export function refusalOf(refused: Refused, by: Authorization['kind']): ApiRefusal | undefined {
  const { status, gatewayRequestId, retryAfter, challenge } = refused;
  const said = wordsOf(refused);
  if (said === undefined) return undefined;
  const requestId = said.requestId ?? gatewayRequestId;
  const explanation = explanations[by][status];
  const [, description] = /\berror_description="([^"]*)"/.exec(challenge ?? '') ?? [];
  const hints = [
    ...(description === undefined ? [] : [`It says: ${description}`]),
    ...(explanation === undefined ? [] : [explanation]),
    ...(requestId === null ? [] : [`requestId: ${requestId}`]),
  ];
  return new ApiRefusal(said.message, { status, details: said.details, hints, retryAfter });
}

interface Words {
  message: string;
  details: readonly Detail[];
  requestId?: string | undefined;
}

function wordsOf({ status, text }: Refused): Words | undefined {
  const body = Body.safeParse(jsonOf(text)).data;
  if (body !== undefined && 'error' in body) {
    const { code, message, details = [] } = body.error;
    return { message: `${code}: ${message}`, details, requestId: body.requestId };
  }
  // Whatever stands before the API may be overloaded or want credentials; a route that it does not know is another API's.
  if (status < 500 && ![401, 403, 429].includes(status)) return undefined;
  return { message: `HTTP ${status}: ${body?.message ?? 'no reason was given'}`, details: [] };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const explanations: Record<Authorization['kind'], Record<number, string>> = {
  none: {
    401: 'No credentials were sent. Give a token (EKS_JOBS_TOKEN; `npm run token` makes one for this machine), or --auth iam.',
    403: 'No credentials were sent. Sign with AWS credentials (--auth iam), or give a token (EKS_JOBS_TOKEN).',
  },
  jwt: {
    401: 'The token is not accepted: it has expired, or is of another issuer or for another audience. `eks-jobs doctor` shows what it says.',
    403: `The token lacks a scope: ${scopes.read} to look, ${scopes.write} to change. \`eks-jobs doctor\` shows those it has.`,
  },
  iam: {
    401: 'The API takes no AWS signatures; it may want a token (EKS_JOBS_TOKEN).',
    403: 'These AWS credentials may not execute-api:Invoke here, or the signature is for another region (--region). `eks-jobs doctor` shows whose they are.',
  },
};
