/** `lessorctl reserve` and `lessorctl quota`. */
import type { PoolView } from '../../core/contract/pool.ts';
import { tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { changed, changeOptions } from './change.ts';
import { editPool } from './edit-pool.ts';
import { readQuota } from './policy-options.ts';
import { namespaceCell, shareCell } from './words.ts';

export const reserve = command({
  about: `A pod that a reservation is for gets an address of it or none, and nobody else gets one. What was leased before stays with
whoever has it. The same name again replaces the reservation.`,
  arguments: {
    pool: { help: 'the pool', kind: 'pool' },
    name: { help: 'what people call the reservation' },
    addresses: { help: '10.1.0.5, 10.1.0.0/28 or 10.1.0.5-10.1.0.9', optional: true, several: true },
  },
  options: {
    namespace: { kind: 'value', value: 'NAME', short: 'n', help: 'whose pods may have them' },
    pod: { kind: 'value', value: 'NAME', help: 'the one pod that may have them (default: each pod of the namespace)' },
    remove: { kind: 'flag', help: 'take the reservation away' },
    ...changeOptions,
  },
  examples: [
    { line: 'reserve shop database 10.1.0.5 -n shop --pod db-0', does: 'A static address for a pod' },
    { line: 'reserve shop mail 10.1.0.64/28 -n mail', does: 'Addresses for the pods of a namespace' },
    { line: 'reserve shop mail --remove', does: 'Take it away' },
  ],
  async run({ pool, name, addresses, namespace, pod, remove, 'dry-run': dryRun }, session) {
    if (remove !== (addresses.length === 0))
      throw remove
        ? wrong('a reservation that is taken away has no addresses', 'leave them out')
        : wrong(`reservation ${name} has no addresses`, 'give them, or --remove');
    if (!remove && namespace === undefined)
      throw wrong(`it is not said whom reservation ${name} is for`, 'give --namespace, and perhaps --pod');
    const patchOf = ({ reservations }: PoolView) => {
      if (remove && !reservations.some((one) => one.name === name))
        throw wrong(`pool ${pool} has no reservation ${name}`, namesOf(reservations));
      const others = reservations.filter((one) => one.name !== name);
      const made = {
        name,
        addresses: [...addresses],
        namespace: namespace ?? '',
        ...(pod === undefined ? {} : { pod }),
      };
      return { reservations: remove ? others : [...others, made] };
    };
    const [api, { vrf }] = [await session.service(), await session.target()];
    return changed(session, { dryRun, names: [name], send: (dry) => editPool(api, { name: pool, vrf }, patchOf, dry) });
  },
});

const namesOf = (reservations: PoolView['reservations']): string =>
  reservations.length === 0 ? 'it has none' : `it has ${reservations.map(({ name }) => name).join(', ')}`;

export const quota = command({
  about: `How many leases a namespace may hold in a pool. Without a change it shows what there is, with what each namespace holds by
the counters. A quota below what is held takes nothing away: it refuses what is new.`,
  arguments: {
    pool: { help: 'the pool', kind: 'pool' },
    quotas: {
      help: 'NAMESPACE=NUMBER, or NAMESPACE=none: the quota of each namespace counts for it',
      optional: true,
      several: true,
    },
  },
  options: {
    each: { kind: 'value', value: 'NUMBER', help: 'of each namespace that has none of its own; none: no limit' },
    ...changeOptions,
  },
  examples: [
    { line: 'quota shop', does: 'Who may hold how much, and holds how much' },
    { line: 'quota shop batch=300 test=none --each 100', does: 'Change some of them' },
  ],
  async run({ pool, quotas, each, 'dry-run': dryRun }, session) {
    if (quotas.length === 0 && each === undefined) return shownQuotas(pool, session);
    const given = quotas.map(readPair);
    const whole = each === undefined ? {} : { quota: readQuota('--each', each) };
    const patchOf = (view: PoolView) => {
      if (given.length === 0) return whole;
      const next = { ...view.quotas };
      for (const [namespace, most] of given) {
        if (most === null) delete next[namespace];
        else next[namespace] = most;
      }
      return { ...whole, quotas: next };
    };
    const [api, { vrf }] = [await session.service(), await session.target()];
    return changed(session, { dryRun, names: [pool], send: (dry) => editPool(api, { name: pool, vrf }, patchOf, dry) });
  },
});

function readPair(text: string): [string, number | null] {
  const [, namespace, most] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (namespace === undefined || most === undefined)
    throw wrong(`${JSON.stringify(text)} is no quota`, 'write it like batch=300 or batch=none');
  return [namespace, readQuota(namespace, most)];
}

async function shownQuotas(name: string, { service, target }: Session) {
  const [api, { vrf }] = [await service(), await target()];
  const path = { pool: name };
  const [pool, usage] = await Promise.all([
    api.ask('readPool', { path, query: { vrf } }),
    api.ask('usage', { path, query: { vrf, cheap: 'true', by: 'namespace' } }),
  ]);
  const held = new Map((usage.parts ?? []).map((part) => [part.of, part.held]));
  const namespaces = [...new Set([...Object.keys(pool.quotas), ...held.keys()])].sort();
  const rows = namespaces.map((namespace) => {
    const most = pool.quotas[namespace] ?? pool.quota;
    return {
      namespace,
      held: held.get(namespace) ?? 0,
      ...(most === undefined ? {} : { quota: most }),
      own: namespace in pool.quotas,
    };
  });
  return {
    document: { pool: name, vrf, ...(pool.quota === undefined ? {} : { each: pool.quota }), namespaces: rows },
    names: namespaces,
    view: (wide: boolean) => [
      textPart(
        pool.quota === undefined
          ? 'A namespace without a quota of its own has no limit.'
          : `Each namespace without a quota of its own may hold ${pool.quota}.`,
      ),
      ...(rows.length === 0
        ? []
        : [
            tablePart(
              rows,
              [
                { head: 'NAMESPACE', of: ({ namespace }) => namespaceCell(namespace), shrinks: true },
                { head: 'HELD', of: (row) => String(row.held) },
                {
                  head: 'QUOTA',
                  of: (row) => (row.quota === undefined ? 'no limit' : `${row.quota}${row.own ? '' : ' (each)'}`),
                },
                { head: 'USED', of: (row) => (row.quota === undefined ? '-' : shareCell(row.held, String(row.quota))) },
              ],
              wide,
            ),
          ]),
    ],
  };
}
