/** A deployment in memory whose EC2 a test makes up. */
import type { InstanceState } from '../../../../core/protocol/node.ts';
import { blockKeyFromText } from '../../../../core/protocol/slot-ref.ts';
import type { EvidenceDependencies } from '../../../../functions/use-cases/evidence/dependencies.ts';
import type { LookupAnswer } from '../../../../functions/use-cases/evidence/instance-lookup.ts';
import { add, addOf, type World, world } from '../../world.ts';

export const OWN = { partition: 'aws', id: '123456789012', region: 'eu-central-1' };
export const OTHER = '210987654321';

export interface EvidenceWorld {
  readonly at: World;
  readonly deps: EvidenceDependencies;
  /** What EC2 says of each instance, in any Region. */
  readonly ec2: Map<string, InstanceState>;
  readonly asked: { readonly region: string; readonly ids: readonly string[] }[];
  /** What EC2 answers instead, once it was asked. */
  instead(answer: ((ids: readonly string[]) => LookupAnswer | Promise<LookupAnswer>) | undefined): void;
  /** A node that holds a lease. */
  node(id: string, container: number): Promise<void>;
  held(id: string): Promise<number>;
}

export const call = { remainingMs: () => 60_000 };

export function evidenceWorld(): EvidenceWorld {
  const at = world();
  const ec2 = new Map<string, InstanceState>();
  const asked: { region: string; ids: readonly string[] }[] = [];
  let instead: ((ids: readonly string[]) => LookupAnswer | Promise<LookupAnswer>) | undefined;
  const deps: EvidenceDependencies = {
    ...at.environment(),
    own: OWN,
    otherAccounts: [OTHER],
    instances: {
      lookUp: async (region, ids) => {
        asked.push({ region, ids });
        if (instead) return instead(ids);
        return { is: 'answered', states: new Map(ids.map((id) => [id, ec2.get(id) ?? 'not-found'])) };
      },
    },
  };
  return {
    at,
    deps,
    ec2,
    asked,
    instead: (answer) => {
      instead = answer;
    },
    node: async (id, container) => {
      await add(at.environment(), id, addOf(container));
    },
    held: async (id) => {
      const node = await at.store.nodes.readNode(id);
      let held = 0;
      for (const text of node?.joinedBlocks ?? []) {
        const slots = await at.store.leases.readBlock(blockKeyFromText(text));
        held += [...slots.values()].filter((slot) => slot.held && slot.holding?.node === id).length;
      }
      return held;
    },
  };
}
