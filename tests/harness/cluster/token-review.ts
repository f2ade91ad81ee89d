import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { json, text } from 'node:stream/consumers';
import * as z from 'zod';
import { readToken } from './eks-token.ts';
import { tokenReviewPort } from './machine/components.ts';

/**
 * What EKS does between a token and the API server: checks the token, asks STS whose it is, and says which groups the access entry of
 * that role gives. The tests' cluster asks it as EKS asks its own: by a TokenReview (kubernetes.io, "Webhook Token Authentication").
 * `node tests/cluster/token-review.ts FILE` serves the settings of a JSON file, read again at each review.
 */
export const ReviewSettings = z.strictObject({
  /** The cluster's name on EKS. */
  cluster: z.string(),
  /** Where STS is, instead of the address in the token: whatever answers GetCallerIdentity. */
  sts: z.url(),
  /** As AWS::EKS::AccessEntry has them. */
  accessEntries: z.array(
    z.object({
      principalArn: z.string().startsWith('arn:'),
      kubernetesGroups: z.array(z.string()).default([]),
      /** ARNs; EKS has an authorizer of its own for them. Here the one that allows everything makes an administrator. */
      accessPolicies: z.array(z.string()).default([]),
    }),
  ),
});
export type ReviewSettings = z.input<typeof ReviewSettings>;

const Review = z.object({ spec: z.object({ token: z.string() }) });

interface User {
  username: string;
  groups: string[];
}

/** Sends the signed question on, with the one header that is no part of it: the cluster's name, as this cluster knows it. */
async function askSts(url: URL, { sts, cluster }: ReviewSettings): Promise<string> {
  const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const headers = { host: url.host, 'x-k8s-aws-id': cluster };
    const call = request(new URL(`/${url.search}`, sts), { headers, timeout: 5000 }, (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode ?? 0, body });
      }, reject);
    });
    call.once('timeout', () => call.destroy(new Error('STS does not answer')));
    call.once('error', reject).end();
  });
  const [, arn] = /<Arn>([^<]+)<\/Arn>/.exec(answer.body) ?? [];
  if (answer.status !== 200 || arn === undefined) throw new Error(`STS answered ${answer.status}`);
  return arn;
}

/** An assumed role's session stands for the role; a role's path is no part of the session's name. */
const isSessionOf = (principal: string, arn: string): boolean => {
  const [, account = '', role = ''] = /^arn:[a-z-]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  const [, ofAccount, ofRole] = /^arn:[a-z-]+:iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(principal) ?? [];
  return principal === arn || (role !== '' && account === ofAccount && role === ofRole);
};

async function userOf(token: string, given: ReviewSettings, now: number): Promise<User> {
  const settings = ReviewSettings.parse(given);
  const arn = await askSts(readToken(token, now), settings);
  const entry = settings.accessEntries.find(({ principalArn }) => isSessionOf(principalArn, arn));
  if (entry === undefined) throw new Error(`${arn} has no access entry`);
  const administrator = entry.accessPolicies.some((policy) =>
    policy.endsWith('/AmazonEKSClusterAdminPolicy'),
  );
  return {
    username: arn,
    groups: [...entry.kubernetesGroups, ...(administrator ? ['system:masters'] : [])],
  };
}

export interface TokenReview {
  /** What was wrong with each token that was refused. */
  refusals: string[];
  stop(): Promise<void>;
}

/** Answers the API server's questions until it is stopped; asks for the settings at each, so that they may change. */
export async function startTokenReview(
  settings: () => ReviewSettings,
  {
    port = tokenReviewPort,
    now = () => Date.now(),
    report = () => undefined,
  }: { port?: number; now?: () => number; report?: (refusal: string) => void } = {},
): Promise<TokenReview> {
  const refusals: string[] = [];
  const review = async (body: unknown): Promise<object> => {
    const { token } = Review.parse(body).spec;
    const status = await userOf(token, settings(), now()).then(
      (user) => ({ authenticated: true, user }),
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        refusals.push(why);
        report(why);
        return { authenticated: false };
      },
    );
    return { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status };
  };
  const server: Server = createServer((incoming, response) => {
    json(incoming)
      .then(review)
      .then(
        (answer) =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
        () => response.writeHead(400).end(),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    refusals,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const [, script, file] = process.argv;
if (script === import.meta.filename && file !== undefined) {
  const read = (): ReviewSettings => ReviewSettings.parse(JSON.parse(readFileSync(file, 'utf8')));
  await startTokenReview(read, {
    report: (refusal) => {
      console.error(`token-review: ${refusal}`);
    },
  });
}
