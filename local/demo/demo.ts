/** The demonstration: pods of two nodes get addresses, one is deleted, one node dies, and each step is shown. */
import color from 'picocolors';
import { LessorError } from '../../core/contract/problems.ts';
import type { CniAnswer } from '../nodes/cni-runtime.ts';
import type { LocalStack } from '../stack/stack.ts';
import { type CniResult, demoNetwork } from './demo-network.ts';
import type { DemoNodes, DemoPod } from './demo-nodes.ts';
import { table } from './table.ts';

/** @throws LessorError where a step did not come out as it must */
export async function demonstrate(stack: LocalStack, demo: DemoNodes): Promise<void> {
  const [a, b] = demo.nodes;
  console.log(`\nAPI at ${color.bold(stack.endpoint)}; nodes ${a.id} and ${b.id}`);
  if (demo.leftOut) {
    console.log(color.yellow(`Pods are left out, the plugin runs alone: network namespaces need ${demo.leftOut}.`));
  }
  heading('The configuration: the usual one for host-local, only "type" changed');
  console.log(JSON.stringify(demoNetwork, null, 2));

  const pods: { pod: DemoPod; address: string }[] = [];
  for (const [node, name] of [
    [a, 'web-1'],
    [a, 'web-2'],
    [b, 'db-1'],
  ] as const) {
    const pod = demo.addPod(node, name);
    heading(`ADD ${name} on ${node.id}`);
    const answer = await counted(stack, () => demo.call('ADD', pod));
    pods.push({ pod, address: addressIn(answer) });
    console.log(JSON.stringify(answer.output));
  }
  demo.wire();
  if (!demo.leftOut) pingAll(demo, pods);

  await showLeases(demo, 'The leases and the pool');
  const [, leaving] = pods;
  if (leaving) {
    heading(`DEL ${leaving.pod.name}`);
    await counted(stack, () => demo.call('DEL', leaving.pod));
    await showLeases(demo, `Its address ${leaving.address} cools before anyone gets it again`);
  }
  heading(`An operator declares node ${b.id} dead; the scheduled function reclaims its leases`);
  await demo.operator.ask('declareDeath', {
    body: { node: b.id, reason: 'demonstration: the second node is switched off' },
  });
  console.log(JSON.stringify(await stack.runSchedule()));
  await showLeases(demo, 'After the reclaim');
}

function pingAll(demo: DemoNodes, pods: readonly { pod: DemoPod; address: string }[]): void {
  heading('The pods ping each other');
  for (const from of pods) {
    for (const to of pods.filter((other) => other !== from)) {
      const reached = demo.reaches(from.pod, to.address);
      console.log(
        `${from.pod.name} → ${to.pod.name} ${to.address}  ${reached ? color.green('answers') : color.red('no answer')}`,
      );
      if (!reached)
        throw new LessorError('service.fault', `${from.pod.name} does not reach ${to.pod.name} at ${to.address}`);
    }
  }
}

async function counted(stack: LocalStack, call: () => Promise<CniAnswer>): Promise<CniAnswer> {
  stack.wire.reset();
  const answer = await call();
  // The counting function has its own time.
  const own = stack.wire.counts().filter(({ function: name }) => name !== 'count');
  const requests = own.reduce((sum, { count }) => sum + count, 0);
  console.log(color.dim(`${Math.round(answer.ms)} ms, ${requests} DynamoDB request${requests === 1 ? '' : 's'}`));
  if (!answer.ok)
    throw new LessorError('service.fault', `the plugin refused: ${JSON.stringify(answer.output)} ${answer.stderr}`);
  return answer;
}

function addressIn({ output }: CniAnswer): string {
  const address = (output as CniResult).ips[0]?.address.split('/')[0];
  if (address === undefined)
    throw new LessorError('service.fault', `the result has no address: ${JSON.stringify(output)}`);
  return address;
}

async function showLeases({ operator }: DemoNodes, title: string): Promise<void> {
  heading(title);
  const path = { pool: demoNetwork.name };
  const { capacity, ...first } = await operator.ask('listLeases', { path });
  const leases = [...first.leases];
  for (let cursor = first.nextCursor; cursor !== undefined; ) {
    const next = await operator.ask('listLeases', { path, query: { cursor } });
    leases.push(...next.leases);
    cursor = next.nextCursor;
  }
  const rows = leases.map(({ addresses, state, node, pod, attachment, reusableAt }) => [
    addresses.join(' '),
    state,
    node,
    pod ? `${pod.namespace}/${pod.name}` : '',
    attachment.ifname,
    reusableAt ? `free at ${reusableAt.slice(11, 19)}` : '',
  ]);
  console.log(table(['ADDRESS', 'STATE', 'NODE', 'POD', 'INTERFACE', ''], rows));
  const count = (state: string) => leases.filter((lease) => lease.state === state).length;
  const [held, cooling] = [count('held'), count('cooling')];
  const free = BigInt(capacity) - BigInt(held + cooling);
  console.log(`pool ${demoNetwork.name}: ${held} held, ${cooling} cooling, ${free} free of ${capacity}`);
}

function heading(text: string): void {
  console.log(`\n${color.bold(color.cyan(text))}`);
}
