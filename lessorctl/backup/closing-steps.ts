/** The first steps of a restore: what is noted of the live tables, and that the API is closed. */
import { LessorError } from '../../core/contract/problems.ts';
import { wrong } from '../settings/wrong.ts';
import type { KnownNode } from './node-looks.ts';
import { at, isAttached, noteOf, type RestoreParts, type RestoreStep } from './restore-parts.ts';
import type { RestoreOrigin } from './restored-tables.ts';
import { addRoute, isClosed, type StageThrottle } from './stage.ts';

/** Where the API had none that could be read, the construct's own. */
const DEFAULT_THROTTLE: StageThrottle = { rate: 2_000, burst: 1_000 };

export function noteStep({ time, backup, source }: RestoreOrigin, parts: RestoreParts): RestoreStep {
  return {
    name: 'note',
    what: 'note which nodes there are, while the live tables can still be asked',
    async look() {
      const { current } = parts.notes;
      if (current === undefined) return { state: 'to do', facts: [] };
      const unread = current.nodesUnread === undefined ? [] : [`they could not be read: ${current.nodesUnread}`];
      return { state: 'done', facts: [`${current.nodes.length} living nodes at ${current.notedAt}`, ...unread] };
    },
    async carryOut() {
      const read = await parts.nodes().catch((error: unknown) => {
        if (error instanceof LessorError) return error;
        throw error;
      });
      const known = read instanceof LessorError ? [] : read;
      const { throttle } = await parts.stage.read();
      const isOpen = !isClosed(throttle) && Number.isFinite(throttle.rate) && Number.isFinite(throttle.burst);
      await parts.notes.keep({
        time,
        ...(backup === undefined ? {} : { backup: backup.name }),
        source,
        notedAt: at(parts.now()),
        nodes: idsOf(known.filter(({ alive }) => alive)),
        dead: idsOf(known.filter(({ alive }) => !alive)),
        ...(read instanceof LessorError ? { nodesUnread: read.message } : {}),
        throttle: isOpen ? throttle : DEFAULT_THROTTLE,
      });
    },
  };
}

const idsOf = (nodes: readonly KnownNode[]): string[] => nodes.map(({ node }) => node).sort();

export function closeStep(origin: RestoreOrigin, parts: RestoreParts): RestoreStep {
  const { stage } = parts;
  return {
    name: 'close',
    what: `close ${stage.name}: throttle 0`,
    asks: `Close ${stage.name}? No pod gets an address until it is opened again; what runs keeps running.`,
    async look() {
      const { throttle, isClosedForAdds, others } = await stage.read();
      const { openedAt, lookedAt, doneAt } = parts.notes.current ?? {};
      if (doneAt !== undefined) return { state: 'done', facts: ['it was closed, and is open again'] };
      if (isClosed(throttle) && isClosedForAdds && others.length === 0)
        return { state: 'done', facts: ['no route is open'] };
      // From then on an open API does no harm, as a deployment may leave it.
      if (lookedAt !== undefined) return { state: 'done', facts: ['every node had looked before it was opened'] };
      const isOpenForNodes = isClosedForAdds && openedAt !== undefined && isAttached(origin, await parts.deployed());
      if (isOpenForNodes) return { state: 'done', facts: [`${addRoute} is closed`] };
      const own = others.length === 0 ? [] : [`with a throttle of their own are ${others.join(', ')}`];
      return { state: 'to do', facts: [`it takes ${throttle.rate} requests a second`, ...own] };
    },
    async carryOut() {
      const { others } = await stage.read();
      if (others.length > 0)
        throw wrong(
          `${stage.name} cannot be closed as a whole: ${others.join(', ')} has a throttle of its own`,
          'take that away, and repeat the same command',
        );
      const { closedAt: _, openedAt: __, lookedAt: ___, ...note } = noteOf(parts);
      // What nodes did while it was open counts for nothing: they look anew, also where it is interrupted after the next line.
      await parts.notes.keep(note);
      await stage.close();
      await parts.notes.keep({ ...note, closedAt: at(parts.now()) });
    },
  };
}
