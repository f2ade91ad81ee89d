/**
 * Serves only the local Step Functions, for measuring, on a free loopback port that it prints. usage: states-server.ts
 * JOURNAL
 */
import { createServer } from 'node:http';
import { serveStepFunctions, StepFunctions } from '../local/aws/step-functions/index.ts';

const service = new StepFunctions({
  journal: process.argv[2] ?? ':memory:',
  region: 'us-east-1',
  accountId: '000000000000',
  integrations: [],
});
const server = createServer(serveStepFunctions(service));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' && address !== null ? address.port : '');
});
