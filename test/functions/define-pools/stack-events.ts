/** CloudFormation's requests as a custom resource gets them, and where its answers go (CloudFormation user guide, "Custom resource request objects"). */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';

export type Event = CloudFormationCustomResourceEvent;
export type Answer = CloudFormationCustomResourceResponse;

const common = {
  ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:Lessor-define-pools',
  StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/Lessor/9a4e1b30-cc00-11f0-b0a1-0e1e3a0c7f11',
  LogicalResourceId: 'BluePool4F2A9C11',
  ResourceType: 'Custom::LessorPool',
};
let requests = 0;
const requestId = () => `0f7f1c52-8d3a-4b61-9f55-${String(requests++).padStart(12, '0')}`;
const propertiesOf = (pool: object, more: object = {}) => ({
  ServiceToken: common.ServiceToken,
  ServiceTimeout: '1200',
  Pool: JSON.stringify(pool),
  ...more,
});

interface Requests {
  create(pool: object, over?: object): Event;
  update(physicalId: string, pool: object, former: object, over?: object): Event;
  remove(physicalId: string, pool: object, over?: object): Event;
}

export const requestsTo = (ResponseURL: string): Requests => ({
  create: (pool, over = {}) => ({
    RequestType: 'Create',
    ...common,
    ResponseURL,
    RequestId: requestId(),
    ResourceProperties: propertiesOf(pool),
    ...over,
  }),
  update: (PhysicalResourceId, pool, former, over = {}) => ({
    RequestType: 'Update',
    ...common,
    ResponseURL,
    RequestId: requestId(),
    PhysicalResourceId,
    ResourceProperties: propertiesOf(pool),
    OldResourceProperties: propertiesOf(former),
    ...over,
  }),
  remove: (PhysicalResourceId, pool, over = {}) => ({
    RequestType: 'Delete',
    ...common,
    ResponseURL,
    RequestId: requestId(),
    PhysicalResourceId,
    ResourceProperties: propertiesOf(pool),
    ...over,
  }),
});

export const adopting = (pool: object) => ({ ResourceProperties: propertiesOf(pool, { Adopt: 'true' }) });

export interface AnswerBox {
  /** A presigned URL, with its secret in the query. */
  readonly url: string;
  readonly answers: Answer[];
  readonly headers: IncomingHttpHeaders[];
  /** With which status the next answers are taken; then 200. */
  readonly refusals: number[];
  stop(): void;
}

export const SECRET = 'X-Amz-Signature=5ec2e7';

/** The bucket in which CloudFormation waits for answers. */
export async function answerBox(): Promise<AnswerBox> {
  const answers: Answer[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const refusals: number[] = [];
  const server: Server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const status = refusals.shift() ?? 200;
    if (status === 200) {
      answers.push(JSON.parse(Buffer.concat(chunks).toString()));
      headers.push(incoming.headers);
    }
    outgoing.writeHead(status).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const stop = () => void server.close().closeAllConnections();
  return { url: `http://127.0.0.1:${port}/answer?${SECRET}`, answers, headers, refusals, stop };
}
