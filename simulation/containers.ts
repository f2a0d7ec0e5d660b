/** What a runtime does with containers: they are added, added again, deleted, and some end without being deleted. */
import { deadLife } from '../cni-shim/node/declared-dead.ts';
import type { Called } from '../test/cni-shim/in-process.ts';
import { askedNow, isUnkept, lookAtAnswer, lookAtRefusal } from './identity-answers.ts';
import type { Machine } from './machine.ts';
import type { Stage } from './stage.ts';
import type { Container } from './witness.ts';

/** Of the CNI error codes: try again later; no address is left. */
const MAY_FAIL = [11, 101];
const QUOTA = 102;
/** A repeat may be told that the address is another's by now. */
const MAY_FAIL_AGAIN = [...MAY_FAIL, 105];
/** Most machines run. */
const TRIES = 10;
const LOOK_MS = 1_000;
const MOST_UNTIL_KILLED_MS = 2_000;
const NAMESPACES = ['shop', 'pay'];
const PODS = 12;
const KILLED = 0.02;
/** Sandboxes that the runtime makes for a pod, and from one to the next. */
const MOST_MOVES = 4;
const LONGEST_PAUSE_MS = 20_000;

export const textOf = (error: unknown): string => (error instanceof Error ? String(error.stack) : String(error));

export const onMachine = ({ witness }: Stage, machine: Machine): Container[] => [...witness.livingOn(machine.id)];

export function anyMachine({ machines, chance }: Stage): Machine | undefined {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const machine = chance.pick(machines);
    if (machine.power === 'on') return machine;
  }
  return undefined;
}

function anyIdle(stage: Stage, machine: Machine): Container | undefined {
  const idle = onMachine(stage, machine).filter(({ isBusy }) => !isBusy);
  return idle.length === 0 ? undefined : stage.chance.pick(idle);
}

/** Nobody else does anything with the container meanwhile. */
async function alone(container: Container, act: () => Promise<void>): Promise<void> {
  container.isBusy = true;
  await act();
  container.isBusy = false;
}

const nameIn = ({ chance, configuration }: Stage): string => `web-${chance.under(configuration.pods ?? PODS)}`;

export async function addNew(stage: Stage, operation: number): Promise<void> {
  const { chance } = stage;
  const machine = anyMachine(stage);
  if (machine === undefined) return;
  if (onMachine(stage, machine).length >= stage.configuration.mostLiving) return removeOne(stage);
  const pod = { namespace: chance.pick(NAMESPACES), name: nameIn(stage) };
  const network = chance.pick(stage.pools.names);
  const id = chance.happens(0.05) ? idOfAnother(stage, machine, network) : undefined;
  const identity = anyIdentity(stage, network);
  await addAndSee(stage, machine, newContainer(id ?? `c${operation}`, machine, { network, pod, identity }));
}

/** Most pods have one, and a few in a pool that keeps none. */
function anyIdentity({ chance, configuration, pools }: Stage, network: string): string | undefined {
  const { identities } = configuration;
  if (identities === undefined) return undefined;
  return chance.happens(pools.keepsIdentities(network) ? 0.6 : 0.1) ? `vm-${chance.under(identities)}` : undefined;
}

/** A container of another node may have the same id. */
function idOfAnother({ witness, toDelete, chance }: Stage, machine: Machine, network: string): string | undefined {
  const all = [...witness.living.values()];
  const { id } = all.length === 0 ? { id: '' } : chance.pick(all);
  const isHere = (one: Container) => one.id === id && one.node === machine.id;
  const isKnown = machine.records().journal.find({ network, containerId: id, ifname: 'eth0' }) !== undefined;
  return id === '' || isKnown || all.some(isHere) || [...toDelete].some(isHere) ? undefined : id;
}

/** When the process of a call is killed, if it is: the runtime has waited for too long, or the node lacks memory. */
const killedAfter = ({ chance, sky, configuration }: Stage): number | undefined =>
  !sky.isClear && chance.happens(configuration.killed ?? KILLED) ? chance.under(MOST_UNTIL_KILLED_MS) : undefined;

type Whose = Pick<Container, 'network' | 'pod'> & { readonly identity?: string | undefined };
const newContainer = (id: string, { id: node }: Machine, { network, pod, identity }: Whose): Container => ({
  ...{ id, node, network, pod },
  ...(identity === undefined ? {} : { identity }),
  address: undefined,
  life: 0,
  isBusy: false,
});

/** A failed one is deleted sooner or later. */
const addAndSee = (stage: Stage, machine: Machine, container: Container) =>
  alone(container, async () => {
    const lives = await add(stage, machine, container, MAY_FAIL);
    if (lives) return;
    if (stage.chance.happens(0.6)) await remove(stage, machine, container);
    else stage.toDelete.add(container);
  });

async function add(stage: Stage, machine: Machine, container: Container, mayFail: readonly number[]): Promise<boolean> {
  const { witness } = stage;
  witness.note(`ADD ${container.id}@${machine.id}`);
  stage.counts.calls += 1;
  const { losses } = machine;
  const asked = askedNow(stage, container);
  container.mayMove = witness.isGivenUp(container);
  const records = machine.records();
  const told = Math.max(records.lifeTold(), deadLife(records) + 1);
  const called = await machine.call('ADD', container, killedAfter(stage));
  tellSoon(stage, machine);
  if (called === undefined) return false;
  // What it noted is in the journal that was put aside meanwhile.
  if (machine.losses > losses) container.isForgotten = true;
  if (called.exitCode !== 0) {
    witness.note(`ADD ${container.id}@${machine.id} failed: ${called.stdout.trim()}`);
    const { code } = called.printed;
    const isForeseen = (code === QUOTA && stage.pools.hasQuota(container.network)) || isUnkept(stage, container, code);
    if (!mayFail.includes(code) && !isForeseen)
      witness.fail({ property: 'node', what: `ADD ${container.id}: ${called.stdout}` });
    lookAtRefusal(stage, machine, container, { asked, printed: called.printed });
    return false;
  }
  const { network, id } = container;
  const { nonce } = machine.records().journal.find({ network, containerId: id, ifname: 'eth0' }) ?? {};
  if (nonce !== undefined) container.nonce = nonce;
  const address = String(called.printed.ips[0].address).split('/')[0] ?? '';
  const life = lifeOf(stage, machine, container, address);
  if (container.address === undefined && life > 0 && life < told && machine.losses === losses)
    witness.fail({
      property: 'node',
      what: `ADD ${id}@${machine.id} leased in life ${life}, and was told of life ${told}`,
    });
  // In a life that was declared over although it runs, a node may answer from blocks that are another's by now.
  const isGivenUp = witness.isGivenUp({ node: machine.id, life });
  if (container.address === undefined && !isGivenUp && !isOfAnOutage(machine, container))
    ensureCooled(stage, container, address);
  witness.lives(container, address, life);
  lookAtAnswer(stage, container, address, life);
  return true;
}

/** Where leasing is not delegated, nobody tells a node what still cools in a block that is news to it, and an outage may begin then. */
function isOfAnOutage(machine: Machine, { network, id }: Container): boolean {
  const records = machine.records();
  const { local } = records.journal.find({ network, containerId: id, ifname: 'eth0' }) ?? {};
  return local !== undefined && records.cacheOf(local.slot.pool)?.pool.leasing !== 'delegated';
}

/** What another node released is not handed out before it has cooled, also where a node asks nobody. */
function ensureCooled({ mirror, pools, here, configuration, witness }: Stage, to: Container, address: string): void {
  const { held, holding, reusableAt = 0 } = mirror.slot(pools.slotOf(to.network, address)) ?? {};
  if (held !== false || holding === undefined || holding.node === to.node) return;
  const early = reusableAt - here.clock.now - 2 * configuration.skewMs - configuration.serviceSkewMs;
  if (early <= 0) return;
  const what = `${address} of ${holding.attachment.containerId}@${holding.node} by ${to.id}@${to.node}, ${early} ms before it has cooled`;
  witness.fail({ property: 'address again too soon', what });
}

/** In which it was leased: as the table has it, or by the claim under which the node answered for itself. */
function lifeOf({ pools, mirror }: Stage, machine: Machine, container: Container, address: string): number {
  const key = pools.slotOf(container.network, address);
  const { held, holding } = mirror.slot(key) ?? {};
  const { network, id, node } = container;
  const { attachment } = holding ?? {};
  if (held && holding?.node === node && attachment?.containerId === id && attachment.network === network)
    return holding.incarnation;
  const entry = machine.records().journal.find({ network, containerId: id, ifname: 'eth0' });
  return entry?.local === undefined ? 0 : (mirror.lifeOfClaim(key, entry.local.generation) ?? 0);
}

export async function addAgain(stage: Stage): Promise<void> {
  const machine = anyMachine(stage);
  const container = machine && anyIdle(stage, machine);
  if (machine === undefined || container === undefined || container.isForgotten) return;
  await repeatAdd(stage, machine, container);
}

export const repeatAdd = (stage: Stage, machine: Machine, container: Container): Promise<void> =>
  alone(container, async () => {
    container.isUnanswered = !(await add(stage, machine, container, MAY_FAIL_AGAIN));
  });

export async function removeOne(stage: Stage): Promise<void> {
  const { chance, machines } = stage;
  const left = [...stage.toDelete].filter(({ isBusy }) => !isBusy);
  if (left.length > 0 && chance.happens(0.3)) {
    const container = chance.pick(left);
    const itsMachine = machines.find(({ id }) => id === container.node);
    if (itsMachine?.power === 'on') await alone(container, () => remove(stage, itsMachine, container));
    return;
  }
  const machine = anyMachine(stage);
  const container = machine && anyIdle(stage, machine);
  if (machine === undefined || container === undefined) return;
  await alone(container, async () => {
    await remove(stage, machine, container);
    if (chance.happens(0.2)) await remove(stage, machine, container);
  });
  // The runtime makes the container anew, by the same name, perhaps although its DEL failed.
  const isAnew = chance.happens(stage.configuration.anew ?? 0.2) && machine.power === 'on';
  if (isAnew && (!stage.toDelete.has(container) || (chance.happens(0.5) && stage.toDelete.delete(container))))
    await addAndSee(stage, machine, newContainer(container.id, machine, container));
}

/** A pod of an identity is made anew on some node, by another name, perhaps before it is gone: whoever makes it tries again. */
export async function moves(stage: Stage, operation: number): Promise<void> {
  const { chance, schedule, witness } = stage;
  const movable = [...witness.living.values()].filter(({ isBusy, identity }) => !isBusy && identity !== undefined);
  const container = movable.length === 0 ? undefined : chance.pick(movable);
  const from = stage.machines.find(({ id, power }) => id === container?.node && power === 'on');
  if (container === undefined || from === undefined) return addNew(stage, operation);
  const { network, identity } = container;
  const isGone = removeAlone(stage, from, container);
  if (chance.happens(0.5)) await isGone;
  for (let tries = 1; tries <= MOST_MOVES; tries += 1) {
    const machine = anyMachine(stage);
    if (machine === undefined) break;
    const pod = { ...container.pod, name: nameIn(stage) };
    const next = newContainer(`c${operation}-${tries}`, machine, { network, pod, identity });
    await addAndSee(stage, machine, next);
    if (next.address !== undefined) break;
    await schedule.after(chance.under(LONGEST_PAUSE_MS));
  }
  await isGone;
}

/** The runtime repeats a DEL that failed. */
export async function remove(stage: Stage, machine: Machine, container: Container): Promise<void> {
  const { witness, toDelete } = stage;
  witness.ends(container);
  witness.note(`DEL ${container.id}@${machine.id}`);
  stage.counts.calls += 1;
  const called: Called | undefined = await machine.call('DEL', container, killedAfter(stage));
  tellSoon(stage, machine);
  if (called === undefined) {
    if (machine.power === 'on') toDelete.add(container);
    return;
  }
  if (called.exitCode === 0) toDelete.delete(container);
  else {
    toDelete.add(container);
    witness.note(`DEL ${container.id}@${machine.id} failed: ${called.stdout.trim()}`);
  }
}

/** Where leasing is delegated, the agent sees within about a second that there is something to tell. */
function tellSoon({ schedule, witness }: Stage, machine: Machine): void {
  if (machine.hasAgent && !machine.isToLook) {
    machine.isToLook = true;
    schedule
      .after(LOOK_MS)
      .then(() => {
        machine.isToLook = false;
        return machine.power === 'on' ? machine.look() : undefined;
      })
      .catch((error: unknown) => witness.fail({ property: 'fault', what: `${machine.id}: ${textOf(error)}` }));
  }
}

export const removeAlone = (stage: Stage, machine: Machine, container: Container): Promise<void> =>
  alone(container, () => remove(stage, machine, container));

/** Its sandbox ends, and perhaps no DEL comes. */
export function sandboxEnds(stage: Stage): void {
  const machine = anyMachine(stage);
  const container = machine && anyIdle(stage, machine);
  if (machine === undefined || container === undefined) return;
  stage.witness.note(`${container.id}@${machine.id} ends`);
  stage.witness.ends(container);
  machine.sandboxEnds(container.id);
  if (stage.chance.happens(0.5)) stage.toDelete.add(container);
}
