/** `lessorctl vrfs`, and which VRFs a command is about. */
import type { VrfView } from '../../core/contract/vrfs.ts';
import { type Column, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { gathered } from './pages.ts';

export const vrfs = command({
  about: `A VRF is an address space of its own: pools of two VRFs may have the same addresses. It is there as long as a pool is in it.`,
  arguments: {},
  options: {},
  examples: [{ line: 'vrfs', does: 'Which VRFs there are' }],
  watchable: true,
  async run(_, session) {
    const found = await listed(session);
    return {
      document: { vrfs: found },
      names: found.map(({ vrf }) => vrf),
      view: (wide) => [
        found.length === 0
          ? textPart('No VRF has a pool: lessorctl pool create makes one.')
          : tablePart(found, columns, wide),
      ],
    };
  },
});

const columns: readonly Column<VrfView>[] = [
  { head: 'VRF', of: ({ vrf }) => vrf },
  { head: 'POOLS', of: ({ pools }) => String(pools) },
];

const listed = async ({ service, progress }: Session): Promise<VrfView[]> =>
  gathered((await service()).pages('listVrfs', { query: { limit: '100' } }), (page) => page.vrfs, progress, 'VRFs');

/** Of commands that can be about several VRFs, as kubectl has it of namespaces. */
export const vrfOptions = {
  'all-vrfs': { kind: 'flag', short: 'A', help: 'of all VRFs, whatever --vrf says' },
} as const;

/** The VRF that is meant, or all that there are. */
export async function vrfsMeant(session: Session, all: boolean): Promise<readonly string[]> {
  return all ? (await listed(session)).map(({ vrf }) => vrf) : [(await session.target()).vrf];
}

/** `VRF blue`, or all of them. */
export const vrfsText = (vrfs: readonly string[], all: boolean): string => (all ? 'all VRFs' : `VRF ${vrfs[0]}`);

/** Where there may be several. */
export const vrfColumn = <Row>(all: boolean, vrfOf: (row: Row) => string): readonly Column<Row>[] =>
  all ? [{ head: 'VRF', of: vrfOf, shrinks: true }] : [];
