/** Nodes that die and are declared dead, rightly and wrongly, and reclaimers that are killed at any step, and meet. */
import { LessorError } from '../core/contract/problems.ts';
import type { Dependencies } from '../functions/use-cases/dependencies.ts';
import { declareDeath } from '../functions/use-cases/nodes/declare-death.ts';
import { callOf } from '../test/functions/world.ts';
import { anyMachine, onMachine, removeAlone } from './containers.ts';
import { dyingStore, Killed } from './dying-store.ts';
import type { Machine } from './machine.ts';
import type { Stage } from './stage.ts';
import { WRONGLY } from './witness.ts';

/** Further steps of a reclaim are like these. */
const STEPS = 24;
/** Instances of which EC2 is asked at once. */
const PAGE = 50;

/** Not answered, or killed, is no fault of the run. */
async function attempt(stage: Stage, what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const isOutage = error instanceof LessorError && error.kind.unanswered === true;
    if (!isOutage && !(error instanceof Killed) && !(error instanceof LessorError && error.code === 'service.busy'))
      throw error;
    stage.witness.note(`${what}: ${error.message}`);
  }
}

function killedSomewhere(stage: Stage, writes: number): Dependencies {
  const { chance, sky } = stage;
  const death = { survived: chance.under(writes), moment: chance.pick(['before', 'after'] as const) };
  stage.witness.note(`a process is killed ${death.moment} write ${death.survived + 1}`);
  return stage.environment(dyingStore(sky.store, death));
}

export async function reclaims(stage: Stage): Promise<void> {
  const { chance } = stage;
  const one = () => {
    const deps = chance.happens(0.5) ? killedSomewhere(stage, STEPS) : stage.environment(stage.sky.store);
    return attempt(stage, 'reclaim', () => stage.reclaim(deps));
  };
  await Promise.all(chance.happens(0.4) ? [one(), one()] : [one()]);
}

export async function looksAtInstances(stage: Stage): Promise<void> {
  const { chance, machines, evidence } = stage;
  const deps = chance.happens(0.2) ? killedSomewhere(stage, 3) : stage.environment();
  await attempt(stage, 'evidence', async () => {
    const from = chance.under(machines.length);
    const looked = machines.length <= PAGE ? machines : machines.slice(from, from + PAGE);
    const declared = await evidence.sweep(
      deps,
      looked.map(({ id }) => id),
    );
    if (declared.length > 0) stage.witness.note(`evidence: ${declared.join(', ')} terminated`);
  });
}

/** The power of a machine fails; nothing that lived on it does any more. */
export function powerFails(stage: Stage, machine: Machine | undefined = anyMachine(stage)): void {
  if (machine === undefined) return;
  stage.witness.note(`${machine.id} loses its power`);
  machine.powerOff();
  for (const container of onMachine(stage, machine)) stage.witness.ends(container);
}

/** What lives goes on, and the node knows nothing of it any more. */
export function losesJournal(stage: Stage, machine: Machine): void {
  stage.witness.note(`${machine.id} loses its journal`);
  machine.loseJournal();
  for (const container of onMachine(stage, machine)) container.isForgotten = true;
}

export function terminates(stage: Stage): void {
  const machine = anyMachine(stage);
  if (machine === undefined) return;
  powerFails(stage, machine);
  machine.power = 'gone';
  stage.cloud.becomes(machine.id, 'terminated');
  stage.newMachine();
}

/** It may come up with an old copy of its disk: a machine that is re-imaged, in another boot. */
export function boots(stage: Stage): void {
  const { machines, chance, witness } = stage;
  const off = machines.filter(({ power }) => power === 'off');
  if (off.length === 0) return;
  const machine = chance.pick(off);
  if (chance.happens(0.4) && machine.restoreDisk()) witness.note(`${machine.id} has an old copy of its disk`);
  machine.boot();
  witness.note(`${machine.id} boots: ${machine.bootId}`);
}

/** It never leased, or began another life in that very moment: nothing was declared. */
const MAY_BE_REFUSED = ['node.unknown', 'node.alive'];

const insist = async (stage: Stage, machine: Machine, reason: string, deps: Dependencies) =>
  attempt(stage, `declaring ${machine.id} dead`, () =>
    declareDeath(deps, callOf('user/ann'), { node: machine.id, reason, alsoIfAlive: true }).catch((error: unknown) => {
      if (!(error instanceof LessorError && MAY_BE_REFUSED.includes(error.code))) throw error;
    }),
  );

/** It is drained, and says goodbye; or whoever wanted that changes their mind. */
export async function leaves(stage: Stage): Promise<void> {
  const machine = anyMachine(stage);
  if (machine === undefined) return;
  if (machine.isLeaving() && stage.chance.happens(0.3)) {
    stage.witness.note(`${machine.id} is to stay`);
    await machine.stay();
    return;
  }
  for (const container of onMachine(stage, machine))
    if (!container.isBusy && container.address !== undefined) await removeAlone(stage, machine, container);
  const isOver = machine.power === 'on' && (await machine.leave());
  stage.witness.note(`${machine.id} leaves${isOver ? '' : ', and is not done with it'}`);
}

/** An operator saw that it is off; it is not switched on before that is said. */
export async function isDeclared(stage: Stage): Promise<void> {
  const off = stage.machines.filter(({ power }) => power === 'off');
  if (off.length === 0) return;
  const machine = stage.chance.pick(off);
  stage.witness.note(`an operator declares ${machine.id} dead, which is off`);
  machine.power = 'gone';
  const killed = stage.chance.happens(0.3);
  await insist(stage, machine, 'it is off', killed ? killedSomewhere(stage, 2) : stage.environment());
  machine.power = 'off';
}

/** It runs: what lives on it is given up. */
export async function isDeclaredWrongly(stage: Stage): Promise<void> {
  const machine = anyMachine(stage);
  if (machine === undefined) return;
  stage.witness.note(`an operator declares ${machine.id} dead, which runs`);
  const killed = stage.chance.happens(0.5);
  await insist(stage, machine, WRONGLY, killed ? killedSomewhere(stage, 2) : stage.environment());
}
