/** What must hold of evidence, whatever EC2 says; and that each of its rules is needed: without it somebody alive is freed. */
import { describe, expect, it } from 'vitest';
import type { InstanceState } from '../../../../core/protocol/node.ts';
import type { InstanceLookup } from '../../../../functions/use-cases/evidence/instance-lookup.ts';
import { type EvidenceRules, evidenceRules } from '../../../../functions/use-cases/evidence/rules.ts';
import { sweepInstances } from '../../../../functions/use-cases/evidence/sweep-instances.ts';
import { call, evidenceWorld, OTHER, OWN } from './evidence-world.ts';

const HOUR = 3_600_000;
const idOf = (number: number) => `i-${number.toString(16).padStart(17, '0')}`;
const [RUNS, STOPS, STOPPED, GONE, FORGOTTEN, UNSEEN, LEFT_OUT, OTHERS] = [1, 2, 3, 4, 5, 6, 7, 8].map(idOf) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const ALL = [RUNS, STOPS, STOPPED, GONE, FORGOTTEN, UNSEEN, LEFT_OUT, OTHERS];

/** Who is freed by two looks, an hour apart: in the second EC2 leaves one out of its answer, as where a page was cut off. */
async function freed(
  rules: EvidenceRules = evidenceRules,
  around: (instances: InstanceLookup) => InstanceLookup = (same) => same,
): Promise<string[]> {
  const { deps, ec2, node, held, at, instead } = evidenceWorld();
  for (const [container, id] of ALL.entries()) await node(id, container);
  for (const id of [RUNS, STOPS, STOPPED, GONE, FORGOTTEN, LEFT_OUT, OTHERS]) ec2.set(id, 'running');
  const looking = { ...deps, instances: around(deps.instances) };
  await sweepInstances(looking, call, rules);
  // As where the tables are restored in another account: they are that account's instances, and run.
  await at.store.nodes.noteHeartbeat(OTHERS, {
    ...{ incarnation: 1, heartbeatAt: at.clock.now },
    account: { partition: 'aws', id: OTHER },
  });
  at.clock.now += HOUR;
  ec2.set(STOPS, 'stopping').set(STOPPED, 'stopped').set(GONE, 'terminated');
  for (const id of [FORGOTTEN, OTHERS]) ec2.delete(id);
  instead((ids) => {
    const states = ids.filter((id) => id !== LEFT_OUT).map((id): [string, InstanceState] => [id, stateOf(id)]);
    return { is: 'answered', states: new Map(states) };
  });
  const stateOf = (id: string): InstanceState => ec2.get(id) ?? 'not-found';
  await sweepInstances(looking, call, rules);
  const after = await Promise.all(ALL.map(async (id) => [id, await held(id)] as const));
  return after.filter(([, leases]) => leases === 0).map(([id]) => id);
}

it('Those are freed that EC2 says are terminated, or has forgotten; nobody else, whatever EC2 says or leaves out', async () => {
  expect(OWN.id).not.toBe(OTHER);
  expect(await freed()).toEqual([GONE, FORGOTTEN]);
});

const states = (...ends: InstanceState[]): EvidenceRules => ({
  ...evidenceRules,
  isEnd: (state, knownIn, region) => ends.includes(state) || evidenceRules.isEnd(state, knownIn, region),
});

describe('That finds out evidence', () => {
  it.each<[string, string, EvidenceRules?, ((instances: InstanceLookup) => InstanceLookup)?]>([
    [
      'for which “not found” counts of another account',
      OTHERS,
      { ...evidenceRules, isAsked: ({ id }) => evidenceRules.isAsked({ id }, OWN.id) },
    ],
    ['for which one look is enough, without an earlier one that found it', UNSEEN, states('not-found')],
    ['for which stopping is an end', STOPS, states('stopping')],
    ['for which stopped is an end', STOPPED, states('stopped')],
    [
      'that takes a page for the whole answer',
      LEFT_OUT,
      evidenceRules,
      ({ lookUp }) => ({
        lookUp: async (region, ids, within) => {
          const answer = await lookUp(region, ids, within);
          if (answer.is === 'failed') return answer;
          const all = ids.map((id): [string, InstanceState] => [id, answer.states.get(id) ?? 'not-found']);
          return { is: 'answered', states: new Map(all) };
        },
      }),
    ],
  ])('%s', async (_, victim, rules, around) => {
    expect(await freed(rules, around)).toContain(victim);
  });
});
