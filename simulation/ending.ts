/** The end of a run: everything heals, and then the tables have what lives and nothing else. */
import { isDeepStrictEqual } from 'node:util';
import { LessorError } from '../core/contract/problems.ts';
import { blockKeyToText } from '../core/protocol/slot-ref.ts';
import { recount } from '../functions/use-cases/changes/recount.ts';
import { declareDeath } from '../functions/use-cases/nodes/declare-death.ts';
import { callOf } from '../test/functions/world.ts';
import { addNew, onMachine, remove, repeatAdd } from './containers.ts';
import { boots, powerFails } from './deaths.ts';
import { lookAtIdentities } from './identity-answers.ts';
import type { Machine } from './machine.ts';
import type { Stage } from './stage.ts';
import type { Container } from './witness.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** When the reclaim looks again after a death, and once more. */
const LOOKS_MS = [0, 6 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 8 * 24 * HOUR_MS];
const ROUNDS = 3;

export async function heal(stage: Stage): Promise<void> {
  const { sky, machines, here, evidence } = stage;
  stage.witness.note('everything heals');
  sky.isClear = true;
  for (const machine of machines) {
    machine.service.weather = 'clear';
    while (await machine.service.oneArrives());
  }
  await sky.arrivals(Number.POSITIVE_INFINITY);
  while (machines.some(({ power }) => power === 'off')) boots(stage);
  here.clock.now += 2 * MINUTE_MS;
  for (const machine of machines) if (machine.isForgetful && machine.power !== 'gone') await beginsAnew(stage, machine);
  // On a disk that came back from before its first container nobody looks for what it held.
  for (const machine of machines)
    if (machine.power === 'on' && !machine.isUsed && stage.mirror.lifeOf(machine.id) > 0)
      await firstContainer(stage, machine);
  const ids = machines.map(({ id }) => id);
  await evidence.sweep(stage.environment(), ids).catch(() => undefined);
  // Of an instance that no look ever found, and of another account's, EC2 says nothing.
  for (const { id, power } of machines) if (power === 'gone') await declareGone(stage, id);
  for (const wait of LOOKS_MS) {
    here.clock.now += wait;
    await stage.reclaim(stage.environment());
    const running = machines.filter(({ power, isUsed }) => power === 'on' && isUsed);
    for (const machine of running) {
      machine.restartAgent();
      if (machine.isLeaving()) await machine.leave();
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const machine of running) await machine.round();
      here.clock.now += MINUTE_MS;
      for (const machine of running) await tidies(stage, machine);
    }
  }
  here.clock.now += stage.pools.cooldownMs;
  await stage.stream.rest(stage.environment());
  // A counter that came to be just now is not recounted at once.
  here.clock.now += HOUR_MS;
  await recount(stage.environment(), callOf('recount'), async () => {});
}

/**
 * Who lost a journal boots again: only then it is known that nothing of before runs any more, neither of that journal nor of a
 * request of an earlier boot, which came late and began a life. And the next container comes.
 */
async function beginsAnew(stage: Stage, machine: Machine): Promise<void> {
  powerFails(stage, machine);
  machine.boot();
  await firstContainer(stage, machine);
}

/** Of no identity: where a pool keeps none, its pod is refused before the service hears that the node is in another boot. */
function firstContainer(stage: Stage, machine: Machine): Promise<void> {
  const { identities: _, ...configuration } = stage.configuration;
  return addNew({ ...stage, configuration, machines: [machine] }, -stage.machines.indexOf(machine));
}

const declareGone = (stage: Stage, node: string) =>
  declareDeath(stage.environment(), callOf('user/ann'), { node, reason: 'it is no more', alsoIfAlive: true }).catch(
    (error: unknown) => {
      if (!(error instanceof LessorError && error.code === 'node.unknown')) throw error;
    },
  );

/** The runtime deletes what it has not deleted yet, and what an operator gave up. */
async function tidies(stage: Stage, machine: Machine): Promise<void> {
  const { witness, toDelete } = stage;
  for (const container of toDelete) if (container.node === machine.id) await remove(stage, machine, container);
  for (const container of onMachine(stage, machine))
    if (container.isUnanswered && !container.isForgotten) await repeatAdd(stage, machine, container);
  for (const container of onMachine(stage, machine))
    if (witness.isGivenUp(container) && isGone(stage, machine, container)) await remove(stage, machine, container);
}

/** Nobody can hold again what is another's by now, or what no journal knows. Of an identity the agent may say so: it has another address. */
function isGone({ mirror, pools }: Stage, machine: Machine, container: Container): boolean {
  const { id, node, network, address = '', identity, isForgotten } = container;
  const key = pools.slotOf(network, address);
  const { held, holding } = mirror.slot(key) ?? {};
  const isHeldByOther = held === true && (holding?.attachment.containerId !== id || holding.node !== node);
  const { state, owner } = mirror.blocks.get(blockKeyToText(key)) ?? {};
  // What a late request of an earlier boot claimed is not this boot's either.
  const isOwners =
    owner?.node === node && owner.boot === machine.bootId && owner.journal === machine.records().knownJournalId;
  const isLost = () =>
    identity !== undefined &&
    machine.records().journal.find({ network, containerId: id, ifname: 'eth0' })?.lost === true;
  return isForgotten === true || isHeldByOther || (state === 'claimed' && !isOwners) || isLost();
}

/** What the tables have in the end, against what lives and what the run saw written. */
export async function lookAtTheEnd(stage: Stage): Promise<void> {
  const { here, pools, mirror, witness, machines } = stage;
  const living = new Map([...witness.living.values()].map((one) => [one.address, `${one.id}@${one.node}`]));
  for (const pool of pools.all) {
    const counted = new Map<string, number>();
    for (const block of pools.blocksOf(pool)) {
      const key = { pool: pool.id, block };
      const slots = await here.store.leases.readBlock(key);
      const beside = mirror.slots.get(blockKeyToText(key)) ?? new Map();
      if (!isDeepStrictEqual(new Map(slots), new Map(beside)))
        witness.fail({ property: 'table', what: `block ${blockKeyToText(key)} is not what was written` });
      for (const [slot, { held, holding, reusableAt }] of slots) {
        const address = pools.addressOf({ ...key, slot });
        const holder = held ? `${holding?.attachment.containerId}@${holding?.node}` : undefined;
        const lives = living.get(address);
        living.delete(address);
        if (holder !== lives)
          witness.fail({ property: 'orphan', what: `${address} is ${holder}'s, and ${lives} lives with it` });
        if (!held && reusableAt > here.clock.now + stage.configuration.serviceSkewMs)
          witness.fail({ property: 'orphan', what: `${address} still cools` });
        const namespace = holding?.pod?.namespace ?? '';
        if (held) counted.set(namespace, (counted.get(namespace) ?? 0) + 1);
      }
      const state = await here.store.blocks.read(key);
      const owner = machines.find(({ id }) => id === state?.owner?.node);
      if (state !== undefined && state.state !== 'free' && (state.state !== 'claimed' || owner?.power !== 'on'))
        witness.fail({
          property: 'orphan',
          what: `block ${blockKeyToText(key)} is ${state.state}, ${state.owner?.node}'s`,
        });
    }
    await lookAtCounters(stage, pool.id, counted);
  }
  for (const [address, lives] of living)
    witness.fail({ property: 'orphan', what: `nobody holds ${address}, and ${lives} lives with it` });
  await lookAtIdentities(stage);
  for (const machine of machines) {
    const { reports, releases } = machine.power === 'on' ? machine.outbox() : { reports: [], releases: [] };
    if (reports.length + releases.length > 0)
      witness.fail({
        property: 'node',
        what: `${machine.id} has still to report ${reports} and to release ${releases}`,
      });
  }
}

async function lookAtCounters(
  { here, witness }: Stage,
  pool: string,
  counted: ReadonlyMap<string, number>,
): Promise<void> {
  const { counters } = here.store;
  const all = [...counted.values()].reduce((sum, count) => sum + count, 0);
  const total = (await counters.read({ pool }))?.held ?? 0;
  if (total !== all)
    witness.fail({ property: 'counter', what: `pool ${pool} is counted as ${total}, and holds ${all}` });
  for (const [namespace, { held }] of await counters.readNamespaces(pool))
    if (held !== (counted.get(namespace) ?? 0))
      witness.fail({
        property: 'counter',
        what: `${namespace} in ${pool} is counted as ${held}, not ${counted.get(namespace) ?? 0}`,
      });
}
