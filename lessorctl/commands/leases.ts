/** `lessorctl leases`. */
import { tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { wrong } from '../settings/wrong.ts';
import { bareAddress, leaseColumns, type ShownLease } from './lease-columns.ts';
import { gathered } from './pages.ts';
import { readPod } from './pod-name.ts';
import { vrfColumn, vrfOptions, vrfsMeant } from './vrfs.ts';

export const leases = command({
  about: `By pool, by the node that holds them (its id is the identity with which it signs), or by the pod for which they
are. There is no index of pods: by namespace and pod every pool of the VRF is gone through, or of all VRFs.`,
  arguments: { pool: { help: 'the pool', optional: true, kind: 'pool' } },
  options: {
    ...vrfOptions,
    node: { kind: 'value', value: 'ID', of: 'node', help: 'what this node holds' },
    namespace: { kind: 'value', value: 'NAME', short: 'n', help: 'what the pods of this namespace hold' },
    pod: { kind: 'value', value: '[NAMESPACE/]NAME', help: 'what this pod holds' },
    state: { kind: 'value', value: 'STATE', choices: ['held', 'cooling'], help: 'only these' },
  },
  examples: [
    { line: 'leases shop', does: 'All of a pool, held and cooling' },
    { line: 'leases --node i-0123456789abcdef0 -A', does: 'What a node holds, in all VRFs' },
    { line: 'leases --pod shop/web-1', does: 'What a pod holds' },
  ],
  watchable: true,
  async run({ pool, node, namespace, pod, state, 'all-vrfs': all }, session) {
    const { service, progress, shell } = session;
    const meant = podMeant(namespace, pod);
    const ways = [pool, node, meant].filter((one) => one !== undefined).length;
    if (ways !== 1)
      throw wrong(
        ways === 0 ? 'it is not said whose leases are meant' : 'leases are listed by one of pool, node and pod',
        'give a pool, --node, --namespace or --pod',
      );
    if (pool !== undefined && all)
      throw wrong('a pool is in one VRF, and --all-vrfs is given', 'name its VRF with --vrf');
    const [api, vrfs] = [await service(), await vrfsMeant(session, all)];
    const leasesIn = async (vrf: string) => {
      const list: AsyncIterable<{ leases: readonly ShownLease[] }> =
        pool === undefined
          ? api.pages('findLeases', { query: { vrf, node, ...meant } })
          : api.pages('listLeases', { path: { pool }, query: { vrf } });
      const rows = await gathered(list, (page) => page.leases, progress, 'leases');
      return all ? rows.map((row) => ({ ...row, vrf })) : rows;
    };
    const each: LeaseOfVrf[][] = [];
    for (const vrf of vrfs) each.push(await leasesIn(vrf));
    const found = each.flat().filter((lease) => state === undefined || lease.state === state);
    return {
      document: { leases: found },
      names: found.flatMap(({ addresses }) => addresses.map(bareAddress)),
      view: (wide) => [
        found.length === 0
          ? textPart(`There is no ${state === undefined ? '' : `${state} `}lease.`)
          : tablePart(
              found,
              [...vrfColumn<LeaseOfVrf>(all, ({ vrf }) => vrf ?? ''), ...leaseColumns(shell.now(), pool === undefined)],
              wide,
            ),
      ],
    };
  },
});

type LeaseOfVrf = ShownLease & { readonly vrf?: string };

function podMeant(namespace: string | undefined, pod: string | undefined) {
  if (pod !== undefined) return readPod('--pod', pod, namespace);
  return namespace === undefined ? undefined : { namespace };
}
