import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  responseText,
  sendResponse,
  CustomResourceRequest,
} from '../../../../lib/custom-resource/cloudformation.ts';
import { ReceivedResponse, CloudFormation } from '../../../harness/cluster-setup/cloudformation.ts';

/** CloudFormation accepts one response, of at most 4096 bytes, at an address that was signed for exactly one form of request. */

let cloudFormation: CloudFormation;
let request: CustomResourceRequest;

beforeEach(async () => {
  cloudFormation = await CloudFormation.start();
  request = CustomResourceRequest.parse(cloudFormation.request('Delete', {}, 'main/jobs'));
});
afterEach(() => cloudFormation.stop());

const failed = (reason: string) =>
  ({ Status: 'FAILED', PhysicalResourceId: 'main/jobs', Reason: reason }) as const;

describe('a response', () => {
  test('arrives in the form that its address was signed for', async () => {
    const Data = { Endpoint: 'https://a', CertificateAuthority: 'b' };
    await sendResponse(request, { Status: 'SUCCESS', PhysicalResourceId: 'main/jobs', Data });
    expect(cloudFormation.takeResponse()).toMatchObject({ Status: 'SUCCESS', Data, RequestId: 'request-1' });
  });

  test('is sent again while the receiver is overloaded, and arrives once', async () => {
    cloudFormation.faults = [503, 429];
    await sendResponse(request, failed('no'));
    expect(cloudFormation.takeResponse().Reason).toBe('no');
    expect(cloudFormation.tries).toBe(3);
  });

  test('that is rejected is not sent again, and its address is not in the message', async () => {
    cloudFormation.faults = [403, 403];
    const sending = sendResponse(request, failed('no'));
    await expect(sending).rejects.toThrow(/^CloudFormation did not accept the response: 403$/);
    expect(cloudFormation.tries).toBe(1);
  });

  test('is complete and short enough, whatever its reason contains', () => {
    const anyReason = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3000 }),
      fc.nat(5000).map((length) => '\u0001'.repeat(length)),
      fc.nat(5000).map((length) => '漢'.repeat(length)),
    );
    fc.assert(
      fc.property(anyReason, (reason) => {
        const text = responseText(request, failed(`x${reason}`));
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
        const response = ReceivedResponse.parse(JSON.parse(text));
        expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'main/jobs' });
        expect(response.Reason?.startsWith('x')).toBe(true);
      }),
    );
  });
});
