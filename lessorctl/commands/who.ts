/** `lessorctl who`. */
import type { AddressHistory } from '../../core/contract/history.ts';
import type { AddressResult } from '../../core/contract/questions.ts';
import type { Cell } from '../print/cell.ts';
import { fieldsPart, type Part, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { pastColumns, podText } from './lease-columns.ts';
import { readTime } from './times.ts';
import { stateCell, timeText } from './words.ts';

export const who = command({
  about: `Now, or at a time. While an address cools it says who had it last.`,
  arguments: { address: { help: 'an IPv4 or IPv6 address, without a prefix length' } },
  options: { at: { kind: 'value', value: 'TIME', help: 'who had it then: 2h (so long ago), or 2026-01-31T12:00:00Z' } },
  examples: [
    { line: 'who 10.1.0.5', does: 'Who has an address' },
    { line: 'who fd00:1::5 --at 2h', does: 'Who had it two hours ago' },
  ],
  watchable: true,
  async run({ address, at }, { service, target, shell }) {
    const then = readTime('--at', at, shell.now());
    const [api, { vrf }] = [await service(), await target()];
    if (then === undefined) {
      const result = await api.ask('searchAddress', { query: { vrf, address } });
      return { document: result, names: namesOf(result.lease), view: () => [nowPart(result)] };
    }
    const result = await api.ask('addressHistory', { query: { vrf, address, at: then } });
    return { document: result, names: namesOf(result.leases[0]), view: (wide) => thenParts(result, then, wide) };
  },
});

/** The pod, or the node where the runtime named no pod. */
const namesOf = (lease: { pod?: Parameters<typeof podText>[0]; node: string } | undefined): string[] =>
  lease === undefined ? [] : [podText(lease.pod) ?? lease.node];

function nowPart({ address, vrf, state, pool, reservation, lease, blockOf }: AddressResult): Part {
  const fields: [string, Cell | undefined][] = [
    ['Address', address],
    ['State', stateCell(state)],
    ['What that is', MEANING[state]],
    ['VRF', vrf],
    ['Pool', pool],
    ['Reservation', reservation],
    ['Block of', blockOf],
    ...(lease === undefined ? [] : holder(lease, state === 'cooling')),
  ];
  return fieldsPart(fields);
}

const MEANING: Readonly<Partial<Record<AddressResult['state'], string>>> = {
  outside: 'no pool of the VRF has it',
  unusable: 'a gateway, or excluded: it is not handed out',
  reserved: 'kept for the pods of a reservation, none of which has it',
  free: 'nobody has it, and it can be leased',
  cooling: 'it was released, and is not handed out yet',
};

function holder(lease: NonNullable<AddressResult['lease']>, was: boolean): [string, Cell | undefined][] {
  const { attachment, pod, identity, node, heldAt, reusableAt, incarnation } = lease;
  return [
    [was ? 'Last pod' : 'Pod', podText(pod)],
    ['Identity', identity],
    [was ? 'Last node' : 'Node', node],
    ['Life of node', String(incarnation)],
    ['Container', attachment.containerId],
    ['Network', `${attachment.network}, interface ${attachment.ifname}`],
    ['Held since', timeText(heldAt)],
    ['Cools until', reusableAt && timeText(reusableAt)],
  ];
}

function thenParts({ address, state, leases, pool }: AddressHistory, then: string, wide: boolean): Part[] {
  const what = {
    held: `${address} was held at ${then}:`,
    free: `Nobody had ${address} at ${then}.`,
    outside: `No pool had ${address} at ${then}.`,
    unknown: `It is not known who had ${address} at ${then}: history is some seconds behind, and is not kept for ever.`,
  }[state ?? 'unknown'];
  const where = pool === undefined || leases.length > 0 ? '' : ` It lies in pool ${pool}.`;
  return [textPart(`${what}${where}`), ...(leases.length === 0 ? [] : [tablePart(leases, pastColumns, wide)])];
}
