import * as z from 'zod';
import { ErrorBody } from '../../api/responses/service.ts';
import { scopes } from '../../api/scopes.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import type { ApiCredentials } from './credentials.ts';

/** The error body of the API's functions, or that of API Gateway in front of them. */
const Body = z.union([ErrorBody, z.object({ message: z.string().nullable() })]);

/** What the API reports about one field of a request. */
type Detail = NonNullable<ErrorBody['error']['details']>[number];

/** The API rejected the request: its own message, with each field that it named. */
export class ApiRejection extends CommandFailure {
  override readonly name = 'ApiRejection';
  readonly status: number;
  readonly details: readonly Detail[];
  /** The API's Retry-After, in seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    { status, details, hints, retryAfter }: Pick<ApiRejection, 'status' | 'details' | 'hints' | 'retryAfter'>,
  ) {
    super(message, {
      exitCode: status === 401 || status === 403 ? exitCodes.unauthorized : exitCodes.rejected,
      hints,
    });
    this.status = status;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/** A response other than 2xx. */
export interface RejectionResponse {
  status: number;
  text: string;
  /** API Gateway's id of the request, for bodies without one. */
  gatewayRequestId: string | null;
  retryAfter: number | undefined;
  /** The header `www-authenticate`, which describes what is wrong with a token. */
  challenge: string | null;
}

/** Makes the failure for an error response. @returns undefined if the response is not from an eks-jobs API. */
export function parseRejection(
  response: RejectionResponse,
  sent: ApiCredentials['kind'],
): ApiRejection | undefined {
  const { status, gatewayRequestId, retryAfter, challenge } = response;
  const error = parseError(response);
  if (error === undefined) return undefined;
  const requestId = error.requestId ?? gatewayRequestId;
  const explanation = explanations[sent][status];
  const [, description] = /\berror_description="([^"]*)"/.exec(challenge ?? '') ?? [];
  const hints = [
    ...(description === undefined ? [] : [`Reason given by the API: ${description}`]),
    ...(explanation === undefined ? [] : [explanation]),
    ...(requestId === null ? [] : [`requestId: ${requestId}`]),
  ];
  return new ApiRejection(error.message, { status, details: error.details, hints, retryAfter });
}

interface ParsedError {
  message: string;
  details: readonly Detail[];
  requestId?: string | undefined;
}

function parseError({ status, text }: RejectionResponse): ParsedError | undefined {
  const body = Body.safeParse(parseJson(text)).data;
  if (body !== undefined && 'error' in body) {
    const { code, message, details = [] } = body.error;
    return { message: `${code}: ${message}`, details, requestId: body.requestId };
  }
  // A proxy before the API may be overloaded or require credentials; another status comes from another API.
  if (status < 500 && ![401, 403, 429].includes(status)) return undefined;
  return { message: `HTTP ${status}: ${body?.message ?? 'no reason was given'}`, details: [] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a status means and what the user can do, by the kind of credentials that was sent. */
const explanations: Record<ApiCredentials['kind'], Record<number, string>> = {
  none: {
    401: 'No credentials were sent. Set EKS_JOBS_TOKEN (`npm run token` makes a token for this machine), or use --auth iam.',
    403: 'No credentials were sent. Sign with AWS credentials (--auth iam), or set EKS_JOBS_TOKEN to a token.',
  },
  jwt: {
    401: 'The token is not accepted: it has expired, or its issuer or audience is wrong. `eks-jobs doctor` shows its content.',
    403: `The token lacks a scope: ${scopes.read} to read, ${scopes.write} to change. \`eks-jobs doctor\` shows the token's scopes.`,
  },
  iam: {
    401: 'The API does not accept AWS signatures; it may require a token (EKS_JOBS_TOKEN).',
    403: 'These AWS credentials may not execute-api:Invoke here, or the signature is for another region (--region). `eks-jobs doctor` shows their identity.',
  },
};
