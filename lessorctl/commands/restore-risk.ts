/** What a restore puts at risk, and what is to be done again after it. */
import type { AuditRow } from '../../core/contract/audit.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Session } from '../session/session.ts';
import { ofEach } from './each-pool.ts';
import { gathered } from './pages.ts';
import { poolsOfAll } from './pools-of-all.ts';
import { ageCell, counted, timeText } from './words.ts';

/** Agents say every 10 minutes that they are up. */
const SILENT_MS = 30 * 60_000;

/** Before anything is closed. A sentence each. */
export async function atRisk(session: Session, time: string): Promise<readonly string[]> {
  const parts = [() => leasesSince(session, time), () => silentNodes(session), () => changesSince(session, time)];
  const remarks: string[] = [];
  for (const part of parts) remarks.push(...(await part().catch(unread)));
  return remarks;
}

/** The service may be closed already. */
function unread(error: unknown): readonly string[] {
  if (error instanceof LessorError) return [`the service could not be asked: ${error.message}`];
  throw error;
}

async function leasesSince(session: Session, time: string): Promise<readonly string[]> {
  const { service, progress } = session;
  const api = await service();
  const held = await ofEach(await poolsOfAll(session), async ({ name, vrf }) => {
    const list = api.pages('listLeases', { path: { pool: name }, query: { vrf } });
    return (await gathered(list, (page) => page.leases, progress, `leases of ${name}`)).filter(
      ({ state, heldAt }) => state === 'held' && Date.parse(heldAt) >= Date.parse(time),
    );
  });
  const since = held.flat();
  const nodes = new Set(since.map(({ node }) => node)).size;
  return [
    since.length === 0
      ? `nothing that is held was leased since ${time}`
      : `${counted(since.length, 'lease')} on ${counted(nodes, 'node')} ${since.length === 1 ? 'was' : 'were'} leased since ${time}, and will be missing until those nodes have looked`,
  ];
}

async function silentNodes({ service, progress, shell }: Session): Promise<readonly string[]> {
  const api = await service();
  const list = api.pages('listNodes', { query: { alive: 'true', limit: '100' } });
  const nodes = await gathered(list, (page) => page.nodes, progress, 'nodes');
  const now = shell.now();
  const silent = nodes.filter(({ heartbeatAt, lifeAt }) => now - Date.parse(heartbeatAt ?? lifeAt) > SILENT_MS);
  return [
    `${counted(nodes.length, 'node')} ${nodes.length === 1 ? 'has' : 'have'} to look at the restored tables`,
    ...silent.map(({ node, heartbeatAt }) => {
      const age = ageCell(heartbeatAt, now);
      const said =
        heartbeatAt === undefined ? 'never heard of' : `silent for ${typeof age === 'string' ? age : age.text}`;
      return `node ${node} is ${said}: see that it can look, or make certain that it is gone (--without ${node})`;
    }),
  ];
}

async function audited({ service, progress }: Session, time: string): Promise<readonly AuditRow[]> {
  const api = await service();
  const entries = await gathered(
    api.pages('audit', { query: { from: time } }),
    (page) => page.entries,
    progress,
    'entries',
  );
  return entries.filter(({ outcome }) => outcome !== 'refused');
}

const POOL_REMARKS = {
  'pool.created': 'was made: its pods lose their addresses. Delete them before it is made again',
  'pool.changed': 'was changed: change it again once all routes but POST /v1/leases are open',
  'pool.deleted': 'was deleted, and is back: delete it again',
} as const;

/** Of pools; who was declared dead is known from the nodes. */
async function changesSince(session: Session, time: string): Promise<readonly string[]> {
  const seen = new Map<string, string>();
  for (const { action, subject, at } of await audited(session, time))
    if (action !== 'node.declared-dead')
      seen.set(`${action} ${subject}`, `pool ${subject} ${POOL_REMARKS[action]} (${timeText(at)})`);
  return [...seen.values()];
}

/** @param dead whose life was over before the restore */
export async function toRepeat(
  session: Session,
  { time, dead }: { readonly time: string; readonly dead: readonly string[] },
): Promise<readonly string[]> {
  const lives = async () => {
    if (dead.length === 0) return [];
    const api = await session.service();
    const list = api.pages('listNodes', { query: { alive: 'true', limit: '100' } });
    const nodes = await gathered(list, (page) => page.nodes, session.progress, 'nodes');
    return nodes
      .filter(({ node }) => dead.includes(node))
      .map(({ node }) => `node ${node} was declared dead since ${time}: lessorctl node declare-dead ${node} again`);
  };
  const remarks: string[] = [];
  for (const part of [() => changesSince(session, time), lives]) remarks.push(...(await part().catch(unread)));
  return remarks;
}
