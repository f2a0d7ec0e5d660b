/** Custom resources of the template: asked of their function as CloudFormation does when it makes a stack. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { InvocationResult } from '../aws/invocation.ts';
import { close, listen, portOf } from '../aws/loopback-server.ts';

export interface CustomResourceDefinition {
  readonly logicalId: string;
  /** `Custom::…` */
  readonly type: string;
  /** Name of the function. */
  readonly function: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
}

/**
 * One after the other, as far as they succeed.
 * @param stackId an ARN
 * @throws Error with the reason of the first that fails
 */
export async function createCustomResources(
  definitions: readonly CustomResourceDefinition[],
  stackId: string,
  invoke: (functionName: string, event: unknown) => Promise<InvocationResult>,
): Promise<void> {
  for (const { logicalId, type, function: name, properties } of definitions) {
    const server = await listen(0);
    try {
      const answered = once(server, 'request').then(async ([incoming, outgoing]) => {
        const answer = await answerIn(incoming as IncomingMessage);
        outgoing.end();
        return answer;
      });
      const result = await invoke(name, {
        RequestType: 'Create',
        RequestId: randomUUID(),
        StackId: stackId,
        LogicalResourceId: logicalId,
        ResourceType: type,
        ResponseURL: `http://127.0.0.1:${portOf(server)}/`,
        ResourceProperties: properties,
      });
      if (!result.ok) throw new Error(`${logicalId} was not created: ${result.errorType}: ${result.errorMessage}`);
      const { Status, Reason = 'without a reason' } = await answered;
      if (Status !== 'SUCCESS') throw new Error(`${logicalId} was not created: ${Reason}`);
    } finally {
      await close(server);
    }
  }
}

async function answerIn(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}
