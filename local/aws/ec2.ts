/** EC2 on this machine, as far as Lessor asks it: DescribeInstances in its query protocol, and events when an instance changes its state. */
import { randomUUID } from 'node:crypto';
import type { ServiceEvent } from './event-bus.ts';
import { close, listen, portOf } from './loopback-server.ts';
import { permits, type Statement } from './policy.ts';

/** By their codes (API reference, "InstanceState"). */
const CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const;
export type Ec2State = keyof typeof CODES;

export interface Ec2Parts {
  readonly region: string;
  readonly account: string;
  /** Who may ask, known by the access key. */
  readonly principals: readonly { readonly accessKeyId: string; readonly rights: readonly Statement[] }[];
  /** Is told each change of a state, as EventBridge is. */
  readonly tell: (event: ServiceEvent) => void;
}

export interface Ec2Answer {
  readonly status: number;
  /** XML */
  readonly body: string;
}

/** What is answered instead; undefined cuts the connection. */
export type Ec2Fault = (ids: readonly string[], ordinary: () => Ec2Answer) => Ec2Answer | undefined;

export interface LocalEc2 {
  readonly endpoint: string;
  /** An instance is running from now on. */
  run(id: string): void;
  /** Tells it as an event too, unless that is lost. */
  change(id: string, state: Ec2State, how?: { readonly eventIsLost: boolean }): void;
  /** An hour after its end EC2 does not know an instance any more. */
  forget(id: string): void;
  /** The ids for which each DescribeInstances asked so far. */
  asked(): readonly (readonly string[])[];
  /** Sets what happens to requests from now on; undefined: the ordinary. */
  fault(fault: Ec2Fault | undefined): void;
  stop(): Promise<void>;
}

const MOST_IDS = 1000;

export async function startEc2({ region, account, principals, tell }: Ec2Parts): Promise<LocalEc2> {
  const states = new Map<string, Ec2State>();
  const asked: string[][] = [];
  let fault: Ec2Fault | undefined;

  const describe = (ids: readonly string[]): Ec2Answer => {
    if (ids.length > MOST_IDS) return ec2Error(400, 'InvalidParameterValue', 'Too many instance IDs');
    const malformed = ids.find((id) => !/^i-[0-9a-f]{8,17}$/.test(id));
    if (malformed !== undefined) return ec2Error(400, 'InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    const missing = ids.filter((id) => !states.has(id));
    if (missing.length > 0) return notFound(missing);
    const found = [...states].filter(([id]) => ids.length === 0 || ids.includes(id));
    return reservations(account, found);
  };
  const answer = (authorization: string, form: URLSearchParams): Ec2Answer | undefined => {
    const key = /Credential=([^/]+)\//.exec(authorization)?.[1];
    const principal = principals.find(({ accessKeyId }) => accessKeyId === key);
    if (principal === undefined)
      return ec2Error(401, 'AuthFailure', 'AWS was not able to validate the provided access credentials');
    if (form.get('Action') !== 'DescribeInstances')
      return ec2Error(400, 'InvalidAction', `The action ${form.get('Action')} is not valid for this web service.`);
    if (!permits(principal.rights, 'ec2:DescribeInstances', '*'))
      return ec2Error(403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.');
    const ids = [...form].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id);
    asked.push(ids);
    return fault ? fault(ids, () => describe(ids)) : describe(ids);
  };

  const server = await listen(0);
  server.on('request', async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const made = answer(incoming.headers.authorization ?? '', form);
    if (made === undefined) outgoing.destroy();
    else outgoing.writeHead(made.status, { 'content-type': 'text/xml;charset=UTF-8' }).end(made.body);
  });
  const change: LocalEc2['change'] = (id, state, { eventIsLost } = { eventIsLost: false }) => {
    states.set(id, state);
    if (!eventIsLost) tell(stateChange({ region, account }, id, state));
  };
  return {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    run: (id) => change(id, 'running'),
    change,
    forget: (id) => void states.delete(id),
    asked: () => asked,
    fault: (next) => {
      fault = next;
    },
    stop: () => close(server),
  };
}

/** As EC2 tells it (EC2 user guide, "State change events for your instances"). */
export const stateChange = (
  { region, account }: { readonly region: string; readonly account: string },
  id: string,
  state: Ec2State,
): ServiceEvent => ({
  source: 'aws.ec2',
  'detail-type': 'EC2 Instance State-change Notification',
  account,
  region,
  resources: [`arn:aws:ec2:${region}:${account}:instance/${id}`],
  detail: { 'instance-id': id, state },
});

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

export const reservations = (
  account: string,
  found: Iterable<readonly [id: string, state: string]>,
  nextToken = '',
): Ec2Answer => {
  const items = [...found].map(
    ([id, state]) =>
      `<item><reservationId>r-${id.slice(2)}</reservationId><ownerId>${account}</ownerId><groupSet/><instancesSet><item>` +
      `<instanceId>${id}</instanceId><instanceState><code>${CODES[state as Ec2State] ?? 1}</code><name>${state}</name></instanceState>` +
      '</item></instancesSet></item>',
  );
  const token = nextToken === '' ? '' : `<nextToken>${nextToken}</nextToken>`;
  const body = `<requestId>${randomUUID()}</requestId><reservationSet>${items.join('')}</reservationSet>${token}`;
  return { status: 200, body: `<DescribeInstancesResponse xmlns="${NAMESPACE}">${body}</DescribeInstancesResponse>` };
};

export const ec2Error = (status: number, code: string, message: string): Ec2Answer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>${randomUUID()}</RequestID></Response>`,
});

const notFound = (ids: readonly string[]): Ec2Answer =>
  ec2Error(
    400,
    'InvalidInstanceID.NotFound',
    ids.length === 1
      ? `The instance ID '${ids[0]}' does not exist`
      : `The instance IDs '${ids.join(', ')}' do not exist`,
  );
