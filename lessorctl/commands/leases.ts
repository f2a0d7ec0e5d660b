/** `lessorctl leases`. */
import { tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { wrong } from '../settings/wrong.ts';
import { bareAddress, leaseColumns, type ShownLease } from './lease-columns.ts';
import { gathered } from './pages.ts';
import { readPod } from './pod-name.ts';

export const leases = command({
  about: `By pool, by the node that holds them (its id is the identity with which it signs), or by the pod for which they
are. There is no index of pods: by namespace and pod every pool of the VRF is gone through.`,
  arguments: { pool: { help: 'the pool', optional: true, kind: 'pool' } },
  options: {
    node: { kind: 'value', value: 'ID', help: 'what this node holds' },
    namespace: { kind: 'value', value: 'NAME', short: 'n', help: 'what the pods of this namespace hold' },
    pod: { kind: 'value', value: '[NAMESPACE/]NAME', help: 'what this pod holds' },
    state: { kind: 'value', value: 'STATE', choices: ['held', 'cooling'], help: 'only these' },
  },
  examples: [
    { line: 'leases shop', does: 'All of a pool, held and cooling' },
    { line: 'leases --node i-0123456789abcdef0', does: 'What a node holds' },
    { line: 'leases --pod shop/web-1', does: 'What a pod holds' },
  ],
  watchable: true,
  async run({ pool, node, namespace, pod, state }, { service, target, progress, shell }) {
    const meant = podMeant(namespace, pod);
    const ways = [pool, node, meant].filter((one) => one !== undefined).length;
    if (ways !== 1)
      throw wrong(
        ways === 0 ? 'it is not said whose leases are meant' : 'leases are listed by one of pool, node and pod',
        'give a pool, --node, --namespace or --pod',
      );
    const [api, { vrf }] = [await service(), await target()];
    const list: AsyncIterable<{ leases: readonly ShownLease[] }> =
      pool === undefined
        ? api.pages('findLeases', { query: { vrf, node, ...meant } })
        : api.pages('listLeases', { path: { pool }, query: { vrf } });
    const all = await gathered(list, (page) => page.leases, progress, 'leases');
    const found = all.filter((lease) => state === undefined || lease.state === state);
    return {
      document: { leases: found },
      names: found.flatMap(({ addresses }) => addresses.map(bareAddress)),
      view: (wide) => [
        found.length === 0
          ? textPart(`There is no ${state === undefined ? '' : `${state} `}lease.`)
          : tablePart(found, leaseColumns(shell.now(), pool === undefined), wide),
      ],
    };
  },
});

function podMeant(namespace: string | undefined, pod: string | undefined) {
  if (pod !== undefined) return readPod('--pod', pod, namespace);
  return namespace === undefined ? undefined : { namespace };
}
