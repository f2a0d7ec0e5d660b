/** The steps of a restore in which the nodes compare the restored tables with their journals, while no ADD gets through. */
import { LessorError } from '../../core/contract/problems.ts';
import { type KnownNode, type Looks, looksOf, NOTICED_MS } from './node-looks.ts';
import { at, noteMore, noteOf, PAUSE_MS, type RestoreParts, type RestoreStep } from './restore-parts.ts';
import { addRoute } from './stage.ts';

/** Ids that a sentence names. */
const SHOWN = 5;

const some = (ids: readonly string[]): string =>
  `${ids.slice(0, SHOWN).join(', ')}${ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : ''}`;

const told = ({ looked, looking, silent, unknown }: Looks): string[] => [
  `${looked.length} nodes have looked`,
  ...(looking.length === 0 ? [] : [`${looking.length} are looking: ${some(looking)}`]),
  ...(silent.length === 0 ? [] : [`${silent.length} were not heard of: ${some(silent)}`]),
  ...(unknown.length === 0
    ? []
    : [`${unknown.length} joined since, and nothing is held by them yet: ${some(unknown)}`]),
];

export function lookStep(parts: RestoreParts): RestoreStep {
  const { stage, now } = parts;
  return {
    name: 'look',
    what: `open all routes but ${addRoute}, and wait until every node has compared the tables with its journal`,
    async look() {
      const { current } = parts.notes;
      if (current?.lookedAt !== undefined) return { state: 'done', facts: [`all had looked at ${current.lookedAt}`] };
      if (current?.openedAt === undefined) return { state: 'to do', facts: [] };
      return { state: 'to do', facts: told(await looks(parts, current.openedAt)) };
    },
    async carryOut() {
      const openedAt = noteOf(parts).openedAt ?? (await openForNodes());
      const deadline = now() + parts.patience;
      for (;;) {
        const seen = await looks(parts, openedAt);
        if (seen.looking.length + seen.silent.length + seen.unknown.length === 0) break;
        if (now() + PAUSE_MS > deadline) throw notAll(seen);
        parts.tell(told(seen).join('; '));
        await parts.sleep(PAUSE_MS);
      }
      await noteMore(parts, { lookedAt: at(now()) });
    },
  };

  async function openForNodes(): Promise<string> {
    const closedAt = noteOf(parts).closedAt ?? at(now());
    await noteMore(parts, { closedAt });
    // Whoever never found the API closed compares only in hours: each agent has to ask once while it is.
    for (let left = leftOf(closedAt); left > 0; left = leftOf(closedAt)) {
      parts.tell(`it stays closed for ${Math.ceil(left / 60_000)} more minutes, until each agent has found it closed`);
      await parts.sleep(Math.min(left, PAUSE_MS));
    }
    await stage.openButAdds(noteOf(parts).throttle);
    const openedAt = at(now());
    await noteMore(parts, { openedAt });
    return openedAt;
  }

  function leftOf(closedAt: string): number {
    return Date.parse(closedAt) + NOTICED_MS - now();
  }
}

async function looks(parts: RestoreParts, openedAt: string): Promise<Looks> {
  const nodes = await parts.nodes();
  const { nodes: before, dead, closedAt = openedAt } = noteOf(parts);
  const closed = { closedAt: Date.parse(closedAt), openedAt: Date.parse(openedAt) };
  return looksOf({ before, dead, now: nodes, without: parts.without, closed, at: parts.now() });
}

const notAll = (seen: Looks): LessorError =>
  new LessorError('service.busy', told(seen).join('; '), {
    remedy:
      'run lessor reconcile there by hand, or make certain that it is gone, and give --without NODE. The same command waits again',
  });

export function lostStep(parts: RestoreParts): RestoreStep {
  return {
    name: 'lost',
    what: 'look that no lease is lost: another container has its slot',
    asks: 'Open all the same? Pods whose lease is lost may have the address of others',
    async look() {
      const { lookedAt, lostAcceptedAt } = parts.notes.current ?? {};
      if (lookedAt === undefined) return { state: 'to do', facts: [] };
      if (lostAcceptedAt !== undefined) return { state: 'done', facts: [`somebody agreed at ${lostAcceptedAt}`] };
      const { dead } = noteOf(parts);
      const isMeant = ({ alive, node }: KnownNode) => alive && !parts.without.has(node) && !dead.includes(node);
      const living = (await parts.nodes()).filter(isMeant);
      const losing = living.filter(({ lost = 0 }) => lost > 0);
      const unsaid = living.filter(({ lost }) => lost === undefined);
      if (losing.length + unsaid.length === 0) return { state: 'done', facts: ['no lease is lost'] };
      return {
        state: 'to do',
        facts: [
          ...losing.map(({ node, lost }) => `${lost} of node ${node}: delete those containers (lessor status there)`),
          ...(unsaid.length === 0
            ? []
            : [
                `of ${unsaid.length} nodes the service is not told: sum(lessor_leases_lost) has to be 0, or lessor status empty, on ${some(unsaid.map(({ node }) => node))}`,
              ]),
        ],
      };
    },
    carryOut: () => noteMore(parts, { lostAcceptedAt: at(parts.now()) }),
  };
}
