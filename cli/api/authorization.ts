import { sign, type AwsOptions } from './signature.ts';

/** A request before it is authorized. */
export interface Signable {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
}

/** How the command says who asks. */
export type Authorization =
  { kind: 'none' } | { kind: 'jwt'; token: string } | ({ kind: 'iam' } & AwsOptions);

/**
 * The headers of a request with what says who asks; a signature is for this request and good for minutes.
 * @throws CommandFailure when there are no credentials of AWS to sign with.
 */
export async function authorize(
  request: Signable,
  authorization: Authorization,
): Promise<Record<string, string>> {
  switch (authorization.kind) {
    case 'none':
      return request.headers;
    case 'jwt':
      return { ...request.headers, authorization: `Bearer ${authorization.token}` };
    case 'iam':
      return await sign(request, authorization);
  }
}
