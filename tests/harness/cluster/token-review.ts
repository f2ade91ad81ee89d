import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { json, text } from 'node:stream/consumers';
import * as z from 'zod';
import { readToken } from './eks-token.ts';
import { tokenReviewPort } from './machine/components.ts';

/**
 * A fake of EKS's authentication: checks a token, gets its identity from STS, and returns the groups of the access entry
 * of that role. The tests' cluster calls it with a TokenReview (kubernetes.io, "Webhook Token Authentication"), as EKS
 * does. `node tests/harness/cluster/token-review.ts FILE` reads the settings from a JSON file at each review.
 */
export const ReviewSettings = z.strictObject({
  /** The cluster's name on EKS. */
  cluster: z.string(),
  /** The URL of an STS that implements GetCallerIdentity. It replaces the address in the token. */
  sts: z.url(),
  /** The access entries, as in AWS::EKS::AccessEntry. */
  accessEntries: z.array(
    z.object({
      principalArn: z.string().startsWith('arn:'),
      kubernetesGroups: z.array(z.string()).default([]),
      /** ARNs. On EKS a separate authorizer reads them. Here the policy that allows everything makes an administrator. */
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

/** Sends the pre-signed request to STS with this cluster's name in the header, which the token does not contain. */
async function getCallerArn(url: URL, { sts, cluster }: ReviewSettings): Promise<string> {
  const reply = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const headers = { host: url.host, 'x-k8s-aws-id': cluster };
    const call = request(new URL(`/${url.search}`, sts), { headers, timeout: 5000 }, (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode ?? 0, body });
      }, reject);
    });
    call.once('timeout', () => call.destroy(new Error('STS does not respond')));
    call.once('error', reject).end();
  });
  const [, arn] = /<Arn>([^<]+)<\/Arn>/.exec(reply.body) ?? [];
  if (reply.status !== 200 || arn === undefined) throw new Error(`STS responded ${reply.status}`);
  return arn;
}

/** Whether an ARN is the principal or a session of that role. The ARN of a session does not contain the role's path. */
const isSessionOf = (principal: string, arn: string): boolean => {
  const [, account = '', role = ''] = /^arn:[a-z-]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  const [, principalAccount, principalRole] =
    /^arn:[a-z-]+:iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(principal) ?? [];
  return principal === arn || (role !== '' && account === principalAccount && role === principalRole);
};

async function userOf(token: string, input: ReviewSettings, now: number): Promise<User> {
  const settings = ReviewSettings.parse(input);
  const arn = await getCallerArn(readToken(token, now), settings);
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
  /** The reason why each rejected token was rejected. */
  rejections: string[];
  stop(): Promise<void>;
}

/** Serves the API server's TokenReviews until it is stopped. Reads the settings at each one, so that they can change. */
export async function startTokenReview(
  settings: () => ReviewSettings,
  {
    port = tokenReviewPort,
    now = () => Date.now(),
    report = () => undefined,
  }: { port?: number; now?: () => number; report?: (reason: string) => void } = {},
): Promise<TokenReview> {
  const rejections: string[] = [];
  const review = async (body: unknown): Promise<object> => {
    const { token } = Review.parse(body).spec;
    const status = await userOf(token, settings(), now()).then(
      (user) => ({ authenticated: true, user }),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        rejections.push(reason);
        report(reason);
        return { authenticated: false };
      },
    );
    return { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status };
  };
  const server: Server = createServer((incoming, response) => {
    json(incoming)
      .then(review)
      .then(
        (reviewed) =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reviewed)),
        () => response.writeHead(400).end(),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    rejections,
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
    report: (reason) => {
      console.error(`token-review: ${reason}`);
    },
  });
}
