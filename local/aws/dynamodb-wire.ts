/** What lies between the functions and DynamoDB: it counts requests, enforces roles as IAM does, and fails on demand. */
import http, { type IncomingMessage } from 'node:http';
import { close, listen, portOf } from './loopback-server.ts';
import { permits, type Statement } from './policy.ts';

/** A function as DynamoDB sees it: by its access key. */
export interface WirePrincipal {
  /** Name of the function. */
  readonly name: string;
  readonly accessKeyId: string;
  readonly roleArn: string;
  readonly rights: readonly Statement[];
}

export interface WireRequest {
  /** Name of the function that sent it. */
  readonly function: string;
  /** `PutItem` */
  readonly operation: string;
  readonly table: string;
  /** The parameters of the operation. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * What happens to a request instead of the ordinary. `forward` lets it through, now or later, once or more often;
 * what is returned is the answer, undefined cuts the connection.
 */
export type Fault = (request: WireRequest, forward: () => Promise<WireAnswer>) => Promise<WireAnswer | undefined>;

/** How many requests of a kind there were. */
export interface WireCount {
  readonly function: string;
  readonly operation: string;
  readonly table: string;
  readonly count: number;
}

export interface Wire {
  readonly endpoint: string;
  /** Requests since the last reset, refused and repeated ones included. */
  counts(): readonly WireCount[];
  /** All of them, or those of a kind: `total({ function: 'allocate' })`. */
  total(kind?: Partial<Omit<WireCount, 'count'>>): number;
  reset(): void;
  /** Sets what happens to requests from now on; undefined: the ordinary. */
  fault(fault: Fault | undefined): void;
  stop(): Promise<void>;
}

export interface WireParts {
  /** Where DynamoDB Local is. */
  readonly target: string;
  readonly principals: readonly WirePrincipal[];
  readonly region: string;
  readonly account: string;
}

export async function startWire({ target, principals, region, account }: WireParts): Promise<Wire> {
  const server = await listen(0);
  const agent = new http.Agent({ keepAlive: true });
  const tally = new Map<string, WireCount>();
  let fault: Fault | undefined;
  const count = ({ function: name, operation, table }: WireRequest) => {
    const key = `${name} ${operation} ${table}`;
    tally.set(key, { function: name, operation, table, count: (tally.get(key)?.count ?? 0) + 1 });
  };

  const answer = async (incoming: IncomingMessage, body: Buffer): Promise<WireAnswer | undefined> => {
    const key = /Credential=([^/]+)\//.exec(incoming.headers.authorization ?? '')?.[1];
    const principal = principals.find(({ accessKeyId }) => accessKeyId === key);
    if (principal === undefined) {
      return exception('UnrecognizedClientException', 'The security token included in the request is invalid.');
    }
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const input = JSON.parse(body.toString()) as Record<string, unknown>;
    const request = { function: principal.name, operation, table: String(input.TableName), input };
    count(request);
    const resource = `arn:aws:dynamodb:${region}:${account}:table/${request.table}`;
    const { pk } = (input.Key ?? {}) as { pk?: { S?: string } };
    if (!permits(principal.rights, `dynamodb:${operation}`, resource, pk?.S))
      return denied(principal, operation, resource);
    const forward = () => pass(target, agent, incoming, body);
    return fault ? fault(request, forward) : forward();
  };

  server.on('request', async (incoming, outgoing) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const made = await answer(incoming, Buffer.concat(chunks));
      if (made === undefined) outgoing.destroy();
      else outgoing.writeHead(made.status, made.headers).end(made.body);
    } catch {
      // DynamoDB Local is down: the function sees what it would see of a dead server.
      outgoing.destroy();
    }
  });

  return {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    counts: () => [...tally.values()],
    total: (kind = {}) =>
      [...tally.values()]
        .filter((counted) => Object.entries(kind).every(([key, value]) => counted[key as keyof WireCount] === value))
        .reduce((sum, counted) => sum + counted.count, 0),
    reset: () => tally.clear(),
    fault: (next) => {
      fault = next;
    },
    stop: () => {
      agent.destroy();
      return close(server);
    },
  };
}

function denied({ roleArn, name }: WirePrincipal, operation: string, resource: string): WireAnswer {
  const session = `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${name}`;
  return exception(
    'AccessDeniedException',
    `User: ${session} is not authorized to perform: dynamodb:${operation} on resource: ${resource} ` +
      `because no identity-based policy allows the dynamodb:${operation} action`,
  );
}

function exception(type: string, text: string): WireAnswer {
  const body = Buffer.from(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, Message: text }));
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': String(body.length) };
  return { status: 400, headers, body };
}

function pass(target: string, agent: http.Agent, { headers }: IncomingMessage, body: Buffer): Promise<WireAnswer> {
  return new Promise((answered, failed) => {
    const { connection: _, ...kept } = headers;
    const request = http.request(target, { method: 'POST', agent, headers: kept }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const { connection: __, 'keep-alive': ___, 'transfer-encoding': ____, ...headers } = response.headers;
        answered({ status: response.statusCode ?? 500, headers, body: Buffer.concat(chunks) });
      } catch (error) {
        failed(error);
      }
    });
    request.on('error', failed).end(body);
  });
}
