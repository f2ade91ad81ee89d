/**
 * Does what Lambda does, in a separate process: loads the module of a handler, calls it once with an event, and sends the result
 * to the parent. The parent sets only the environment.
 */
interface Work {
  bundle: string;
  export: string;
  event: unknown;
}

const context = {
  functionName: 'packaged',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:packaged',
  memoryLimitInMB: '512',
  awsRequestId: 'request-1',
  callbackWaitsForEmptyEventLoop: false,
  getRemainingTimeInMillis: () => 10_000,
};

process.once('message', (work: Work) => {
  void run(work).then((outcome) => {
    process.send?.(outcome, () => {
      process.exit();
    });
  });
});

async function run(work: Work): Promise<object> {
  try {
    const started = performance.now();
    const module = (await import(work.bundle)) as Record<
      string,
      (event: unknown, context: object) => unknown
    >;
    const loadMilliseconds = performance.now() - started;
    const result = await module[work.export]?.(work.event, context);
    return { loadMilliseconds, result };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
