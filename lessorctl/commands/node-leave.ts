/** `lessorctl node leave`. */
import { command } from '../session/command.ts';
import { changed, freeingOptions } from './change.ts';
import { nodeMeant } from './node-meant.ts';
import { nodeRunner } from './on-node.ts';
import { counted } from './words.ts';

export const nodeLeave = command({
  about: `Drain the node first. It then gives back what it has and says goodbye, so that nobody needs to declare it dead. The node does
that itself: lessor leave is run in the agent's pod there, through kubectl. On a node without that pod run lessor leave by hand.
It is refused while a container has an address there.`,
  arguments: { node: { help: "the node's id, or its name in the cluster", kind: 'node' } },
  options: freeingOptions,
  examples: [
    { line: 'node leave ip-10-0-1-17.eu-central-1.compute.internal', does: 'Take a drained node out of service' },
  ],
  async run({ node: named, 'dry-run': dryRun, yes }, session) {
    const node = await nodeMeant(await session.service(), named);
    const name = node?.name ?? named;
    const lessor = await nodeRunner(session, { named, name }, 'lessor leave');
    const leave = async (dry: boolean) =>
      toldBy((await lessor(['leave', ...(dry ? ['--dry-run'] : [])])) as Left, name, dry);
    return changed(session, {
      dryRun,
      asks: { question: `Take node ${name} out of service?`, yes },
      names: [node?.node ?? named],
      send: leave,
      documentOf: ({ left }) => left,
    });
  },
});

/** As `lessor leave --json` has it. */
interface Left {
  readonly releasedLater: number;
  readonly released: readonly unknown[];
  readonly blocks: readonly { readonly pool: string; readonly block: string }[];
  readonly life?: { readonly incarnation: number };
}

function toldBy(left: Left, name: string, dry: boolean): { effects: string[]; left: Left } {
  const effects = [
    ...left.blocks.map(({ pool, block }) => `block ${block} of pool ${pool} is given back`),
    `${counted(left.released.length + left.releasedLater, 'release')} made on the way`,
    left.life === undefined
      ? 'the service does not know this node'
      : `life ${left.life.incarnation} of node ${name} ${dry ? 'would be' : 'is'} over`,
  ];
  return { effects, left };
}
