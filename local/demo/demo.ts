/** The demonstration: pods of two nodes get addresses, one pod ends, EC2 says that one node is terminated, history tells whose an address was, and each step is told. */
import { setTimeout as wait } from 'node:timers/promises';
import { LessorError } from '../../core/contract/problems.ts';
import type { ListLeasesResult } from '../../core/contract/questions.ts';
import type { CniAnswer } from '../nodes/cni-runtime.ts';
import type { LocalStack } from '../stack/stack.ts';
import type { Tell } from './demo-event.ts';
import { type CniResult, demoNetwork } from './demo-network.ts';
import type { DemoNodes, DemoPod } from './demo-nodes.ts';

interface LeasedPod {
  readonly pod: DemoPod;
  readonly address: string;
}

/** @throws LessorError where a step did not come out as it must */
export async function demonstrate(stack: LocalStack, demo: DemoNodes, tell: Tell): Promise<void> {
  const [a, b] = demo.nodes;
  const nodes = demo.nodes.map(({ name, id }) => ({ name, id }));
  const { leftOut } = demo;
  tell({
    step: 'start',
    endpoint: stack.endpoint,
    nodes,
    ...(leftOut === undefined ? {} : { leftOut }),
    network: demoNetwork,
  });
  const pods: LeasedPod[] = [];
  for (const [node, name] of [
    [a, 'web-1'],
    [a, 'web-2'],
    [b, 'db-1'],
  ] as const) {
    const pod = demo.addPod(node, name);
    const { ms, requests, result } = await counted(stack, () => demo.call('ADD', pod));
    const address = addressIn(result);
    pods.push({ pod, address });
    tell({ step: 'add', pod: name, node: node.name, address, ms, requests, result });
  }
  demo.wire();
  if (leftOut === undefined) pingAll(demo, pods, tell);
  await tellLeases(demo, tell);

  const [, leaving] = pods;
  if (leaving) {
    const { pod, address } = leaving;
    const { ms, requests } = await counted(stack, () => demo.call('DEL', pod));
    tell({ step: 'del', pod: pod.name, node: pod.node.name, address, ms, requests });
    await tellLeases(demo, tell);
  }
  await nodeIsTerminated(stack, demo, b.id, tell);
  await tellLeases(demo, tell);
  const freed = pods.find(({ pod }) => pod.node === b);
  if (freed) await tellHistory(demo, freed.address, tell);
  tell({ step: 'end' });
}

/** From then on nobody does anything: EventBridge, the queue and the function free its addresses. */
async function nodeIsTerminated(stack: LocalStack, { operator }: DemoNodes, node: string, tell: Tell): Promise<void> {
  const { definition, queues } = stack.events;
  const [queue] = definition.queues.filter(({ redrive }) => redrive !== undefined);
  if (queue === undefined) throw new LessorError('service.fault', 'the template has no queue for evidence');
  const since = Date.now();
  stack.ec2.change(node, 'terminated');
  tell({ step: 'terminated', node, delayMs: queue.delayMs, pace: stack.pace });
  const until = since + GIVEN_UP_AFTER_MS;
  while (Date.now() < until) {
    const [death] = (await operator.ask('listDeaths', { query: { node } })).deaths;
    if (death?.sweptAt !== undefined && queues(queue.arn).bodies().length === 0) {
      tell({ step: 'evidence', tookMs: Date.now() - since, death });
      return;
    }
    await wait(100);
  }
  throw new LessorError('service.fault', `EC2 said that ${node} is terminated, and its addresses are not free`);
}
const GIVEN_UP_AFTER_MS = 60_000;

/** The slot itself tells of its last lease, so that it need not be waited for the function that writes history down. */
async function tellHistory({ operator }: DemoNodes, address: string, tell: Tell): Promise<void> {
  const history = await operator.ask('addressHistory', { query: { address } });
  if (history.leases.at(-1)?.to === undefined)
    throw new LessorError('service.fault', `history does not tell who had ${address}: ${JSON.stringify(history)}`);
  tell({ step: 'history', ...history });
}

function pingAll(demo: DemoNodes, pods: readonly LeasedPod[], tell: Tell): void {
  for (const from of pods) {
    for (const to of pods.filter((other) => other !== from)) {
      const answers = demo.reaches(from.pod, to.address);
      tell({ step: 'ping', from: from.pod.name, to: to.pod.name, address: to.address, answers });
      if (!answers)
        throw new LessorError('service.fault', `${from.pod.name} does not reach ${to.pod.name} at ${to.address}`);
    }
  }
}

async function counted(stack: LocalStack, call: () => Promise<CniAnswer>) {
  let answer: CniAnswer | undefined;
  const requests = await requestsOf(stack, async () => {
    answer = await call();
  });
  if (!answer?.ok)
    throw new LessorError('service.fault', `the plugin refused: ${JSON.stringify(answer?.output)} ${answer?.stderr}`);
  return { ms: Math.round(answer.ms), requests, result: answer.output };
}

async function requestsOf({ wire }: LocalStack, work: () => Promise<unknown>): Promise<number> {
  wire.reset();
  await work();
  // The counting function has its own time.
  const own = wire.counts().filter(({ function: name }) => name !== 'changes');
  return own.reduce((sum, { count }) => sum + count, 0);
}

function addressIn(result: unknown): string {
  const address = (result as CniResult).ips[0]?.address.split('/')[0];
  if (address === undefined)
    throw new LessorError('service.fault', `the result has no address: ${JSON.stringify(result)}`);
  return address;
}

async function tellLeases({ operator }: DemoNodes, tell: Tell): Promise<void> {
  const path = { pool: demoNetwork.name };
  const leases: ListLeasesResult['leases'] = [];
  let pool: Omit<ListLeasesResult, 'leases' | 'nextCursor'> | undefined;
  for await (const { nextCursor: _, leases: some, ...of } of operator.pages('listLeases', { path })) {
    leases.push(...some);
    pool ??= of;
  }
  if (pool !== undefined) tell({ step: 'leases', ...pool, leases });
}
