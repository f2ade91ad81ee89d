import type { ReceivedRequest, FakeResponse } from '../fake-api.ts';

/** A fake of AWS with a stack of `sls deploy`: CloudFormation, STS and EKS in their wire protocols, for the SDK's real clients. */
export class DeployedStack {
  status = 'UPDATE_COMPLETE';
  authorization = 'iam';
  parameters: Record<string, string> = {
    ...{ ClusterName: 'shared', JobNamespace: 'eks-jobs-dev', JobServiceAccount: 'data-processor' },
    NodeClass: 'auto-mode',
  };
  cluster: Record<string, unknown> | undefined = {
    ...{ name: 'shared', status: 'ACTIVE', accessConfig: { authenticationMode: 'API' } },
    resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
    computeConfig: { enabled: true },
  };
  /** Kubernetes groups by role; a role that is missing has no access entry. */
  readonly entries = new Map([
    ['RunJobRole', ['eks-jobs-dev:run-job']],
    ['SettleJobRole', ['eks-jobs-dev:settle-job']],
    ['SweepRole', ['eks-jobs-dev:settle-job', 'eks-jobs-dev:sweep']],
  ]);
  podRole: string | undefined = 'JobRole';
  agent: string | undefined;
  /** Actions that the caller may not call, as `DescribeAccessEntry`. */
  readonly denied = new Set<string>();
  readonly apiUrl: string;

  constructor(apiUrl: string) {
    this.apiUrl = apiUrl;
  }

  /** Makes AWS's response; undefined for a request to something else. */
  respond({ method, url, body }: ReceivedRequest): FakeResponse | undefined {
    const action = new URLSearchParams(body).get('Action');
    if (method === 'POST' && action !== null) return this.#query(action, new URLSearchParams(body));
    const path = decodeURIComponent(new URL(url, this.apiUrl).pathname);
    return path.startsWith('/clusters/shared') ? this.#eks(path.slice('/clusters/shared'.length)) : undefined;
  }

  #query(action: string, parameters: URLSearchParams): FakeResponse {
    if (this.denied.has(action)) return xmlError('AccessDenied', `not authorized to perform: ${action}`);
    switch (action) {
      case 'GetCallerIdentity':
        return xml(action, '<Arn>arn:aws:iam::123456789012:user/ann</Arn><Account>123456789012</Account>');
      case 'DescribeStackResource': {
        const name = parameters.get('LogicalResourceId') ?? '';
        const detail = {
          LogicalResourceId: name,
          PhysicalResourceId: name,
          ResourceStatus: 'CREATE_COMPLETE',
        };
        return xml(action, `<StackResourceDetail>${elements(detail)}</StackResourceDetail>`);
      }
      default:
        return this.#stacks(parameters.get('StackName') ?? '');
    }
  }

  #stacks(name: string): FakeResponse {
    if (name !== 'eks-jobs-dev') return xmlError('ValidationError', `Stack with id ${name} does not exist`);
    const outputs = { HttpApiUrl: this.apiUrl, Authorization: this.authorization };
    const stack = [
      elements({
        StackName: name,
        StackId: `arn:aws:cloudformation:eu-central-1:123456789012:stack/${name}/1`,
        StackStatus: this.status,
        CreationTime: '2026-11-23T10:00:00Z',
      }),
      `<Parameters>${members(this.parameters, 'Parameter')}</Parameters>`,
      `<Outputs>${members(outputs, 'Output')}</Outputs>`,
    ].join('');
    return xml('DescribeStacks', `<Stacks><member>${stack}</member></Stacks>`);
  }

  #eks(path: string): FakeResponse {
    const [, kind = '', id = ''] = /^\/([^/]+)\/?(.*)$/.exec(path) ?? [];
    const operations: Record<string, string> = {
      '': 'DescribeCluster',
      'access-entries': 'DescribeAccessEntry',
      'pod-identity-associations': 'PodIdentityAssociations',
      addons: 'DescribeAddon',
    };
    const operation = operations[kind] ?? '';
    if (this.denied.has(operation)) {
      return jsonError(403, 'AccessDeniedException', `not authorized to perform: eks:${operation}`);
    }
    const resource = this.#resource(kind, id);
    return resource ? { body: resource } : jsonError(404, 'ResourceNotFoundException', `no ${kind} ${id}`);
  }

  #resource(kind: string, id: string): object | undefined {
    switch (kind) {
      case '':
        return this.cluster && { cluster: this.cluster };
      case 'access-entries': {
        const kubernetesGroups = this.entries.get(id.split('/').at(-1) ?? '');
        return kubernetesGroups && { accessEntry: { principalArn: id, kubernetesGroups } };
      }
      case 'pod-identity-associations':
        if (id !== '') return { association: { associationId: id, roleArn: roleArn(this.podRole ?? '') } };
        return { associations: this.podRole === undefined ? [] : [{ associationId: 'a-1' }] };
      default:
        return this.agent === undefined ? undefined : { addon: { addonName: id, status: this.agent } };
    }
  }
}

const roleArn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;

const elements = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');

const members = (values: Record<string, string>, what: string): string =>
  Object.entries(values)
    .map(([key, value]) => `<member>${elements({ [`${what}Key`]: key, [`${what}Value`]: value })}</member>`)
    .join('');

const xml = (action: string, result: string): FakeResponse => ({
  headers: { 'content-type': 'text/xml' },
  body: `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`,
});

const xmlError = (code: string, message: string): FakeResponse => ({
  status: code === 'AccessDenied' ? 403 : 400,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});

const jsonError = (status: number, type: string, message: string): FakeResponse => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { message },
});
