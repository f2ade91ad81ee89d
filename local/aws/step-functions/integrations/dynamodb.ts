import * as dynamodb from '@aws-sdk/client-dynamodb';
import { TaskFailure } from '../errors.ts';
import type { Integration, Task } from '../integration.ts';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../json.ts';

const optimisedResource = /^arn:aws:states:::dynamodb:(getItem|putItem|updateItem|deleteItem)$/;
const sdkResource = /^arn:aws:states:::aws-sdk:dynamodb:([a-zA-Z]+)$/;

type Command = new (input: JsonObject) => dynamodb.GetItemCommand;
const exported: Readonly<Record<string, unknown>> = dynamodb;

/**
 * Calls DynamoDB by its optimised integration and by aws-sdk:dynamodb (developer guide, "Perform DynamoDB CRUD
 * operations with Step Functions" and "Learning to use AWS service SDK integrations"): both make the same calls, but
 * differ in the names of errors and in the metadata of the result.
 */
export class DynamoDBIntegration implements Integration {
  readonly #client: dynamodb.DynamoDBClient;

  constructor(client: dynamodb.DynamoDBClient) {
    this.#client = client;
  }

  supports(resource: string): boolean {
    return commandFor(resource) !== undefined;
  }

  async run(task: Task): Promise<Json> {
    const Command = commandFor(task.resource);
    if (Command === undefined || !isJsonObject(task.arguments)) {
      throw new TaskFailure('States.Runtime', `${task.resource} takes an object of arguments`);
    }
    const optimised = optimisedResource.test(task.resource);
    try {
      const command = new Command(fromWire(task.arguments));
      const { $metadata, ...response } = await this.#client.send(command, { abortSignal: task.signal });
      return { ...toWire(response), ...(optimised ? metadata($metadata) : {}) };
    } catch (error) {
      throw optimised ? optimisedFailure(error) : sdkFailure(error);
    }
  }
}

/** Finds the SDK's command of a resource: transactWriteItems is TransactWriteItemsCommand. */
function commandFor(resource: string): Command | undefined {
  const action = (optimisedResource.exec(resource) ?? sdkResource.exec(resource))?.[1];
  if (action === undefined) return undefined;
  const command = exported[`${action.charAt(0).toUpperCase()}${action.slice(1)}Command`];
  return isCommand(command) ? command : undefined;
}

function isCommand(value: unknown): value is Command {
  return typeof value === 'function';
}

/** Converts arguments: binary values are base64 text in Step Functions and bytes in the SDK. */
function fromWire(value: JsonObject): JsonObject {
  const text = JSON.stringify(value);
  if (!/"BS?":/.test(text)) return value;
  const parsed: JsonObject = JSON.parse(text, (key, item: unknown) => {
    if (key === 'B' && typeof item === 'string') return Buffer.from(item, 'base64');
    if (key === 'BS' && Array.isArray(item)) return item.map((one) => Buffer.from(String(one), 'base64'));
    return item;
  }) as JsonObject;
  return parsed;
}

function toWire(response: object): JsonObject {
  const text = JSON.stringify(response, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
  const json = parseJson(text);
  return isJsonObject(json) ? json : {};
}

function metadata({
  requestId = '',
  httpStatusCode = 200,
}: dynamodb.GetItemCommandOutput['$metadata']): JsonObject {
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: { 'x-amzn-RequestId': [requestId] },
      HttpHeaders: { 'x-amzn-RequestId': requestId },
      HttpStatusCode: httpStatusCode,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
}

/**
 * Names errors as the Java SDK 2 behind aws-sdk does: those of the model by their names, all others DynamoDbException.
 */
function sdkFailure(error: unknown): TaskFailure {
  if (!(error instanceof dynamodb.DynamoDBServiceException)) return noResponse('DynamoDb', error);
  const { requestId = '', httpStatusCode = 400 } = error.$metadata;
  const suffix = `(Service: DynamoDb, Status Code: ${httpStatusCode}, Request ID: ${requestId})`;
  const name = error.name in exported ? error.name : 'DynamoDbException';
  return new TaskFailure(`DynamoDb.${name}`, `${error.message} ${suffix}`);
}

/** Names errors as the Java SDK 1 behind the optimised integration does. */
function optimisedFailure(error: unknown): TaskFailure {
  if (!(error instanceof dynamodb.DynamoDBServiceException)) return noResponse('DynamoDB', error);
  const { requestId = '', httpStatusCode = 400 } = error.$metadata;
  const status = `Status Code: ${httpStatusCode}; Error Code: ${error.name}; Request ID: ${requestId}`;
  const name = error.name in exported ? error.name : 'AmazonDynamoDBException';
  return new TaskFailure(
    `DynamoDB.${name}`,
    `${error.message} (Service: AmazonDynamoDBv2; ${status}; Proxy: null)`,
  );
}

function noResponse(service: string, error: unknown): TaskFailure {
  return new TaskFailure(
    `${service}.SdkClientException`,
    error instanceof Error ? error.message : String(error),
  );
}
