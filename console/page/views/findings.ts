/** What may be meant by a text, the likeliest first. */
import { signal } from '@preact/signals';
import type { ListedNodeView } from '../../../core/contract/nodes.ts';
import { pages } from '../ask/ask.ts';
import { pools } from '../fleet/fleet.ts';
import { to } from '../route.ts';
import { addressOf, addressText, spanOf } from '../space/numbers.ts';

export interface SearchFinding {
  readonly kind: 'address' | 'prefix' | 'pool' | 'pod' | 'pods' | 'namespace' | 'node';
  readonly name: string;
  readonly more: string;
  readonly goes: string;
}

/** Of pools and of nodes, each. */
const MOST = 6;

export function findings(typed: string): readonly SearchFinding[] {
  const text = typed.trim().toLowerCase();
  if (text === '') return [];
  wantNodes();
  return [
    ...asAddress(text),
    ...asPod(text),
    ...poolsWith(text),
    ...nodesWith(text),
    ...asNamespace(text),
    ...asPods(text),
  ];
}

function asAddress(text: string): SearchFinding[] {
  const address = addressOf(text);
  if (address !== undefined) {
    const name = addressText(address.family, address.value);
    return [
      { kind: 'address', name, more: 'who has it, and had it', goes: to('address', name) },
      ...(address.family === 4
        ? [{ kind: 'prefix' as const, name, more: 'show it on the map', goes: `#/?at=${name}` }]
        : []),
    ];
  }
  const span = spanOf(text);
  return span?.family === 4
    ? [{ kind: 'prefix', name: text, more: 'show it on the map', goes: `#/?at=${encodeURIComponent(text)}` }]
    : [];
}

function asPod(text: string): SearchFinding[] {
  const [, namespace, pod] = /^([a-z0-9-]+)\/([a-z0-9.-]*)$/.exec(text) ?? [];
  if (namespace === undefined || addressOf(namespace) !== undefined) return [];
  if (!pod) return [{ kind: 'namespace', name: namespace, more: 'what its pods have', goes: to('pod', namespace) }];
  return [{ kind: 'pod', name: text, more: 'what it has, and had', goes: to('pod', namespace, pod) }];
}

const asNamespace = (text: string): SearchFinding[] =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)
    ? [{ kind: 'namespace', name: text, more: 'what its pods have', goes: to('pod', text) }]
    : [];

/** A pod's name without its namespace: there may be one of it in several. */
const asPods = (text: string): SearchFinding[] =>
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text) && spanOf(text) === undefined
    ? [{ kind: 'pods', name: text, more: 'pods of this name, in each namespace', goes: to('pods', text) }]
    : [];

const poolsWith = (text: string): SearchFinding[] =>
  pools.value.list
    .filter(({ pool }) => pool.name.toLowerCase().includes(text))
    .sort((a, b) => a.pool.name.length - b.pool.name.length)
    .slice(0, MOST)
    .map(({ pool }) => ({
      kind: 'pool',
      name: pool.name,
      more: pool.ranges.flat()[0]?.subnet ?? '',
      goes: to('pool', pool.name),
    }));

const nodesWith = (text: string): SearchFinding[] =>
  nodes.value
    .filter(({ node, name = '' }) => node.toLowerCase().includes(text) || name.toLowerCase().includes(text))
    .slice(0, MOST)
    .map(({ node, name, cluster }) => ({
      kind: 'node',
      name: name ?? node,
      more: [name === undefined ? '' : node, cluster ?? ''].filter(Boolean).join(' · '),
      goes: to('node', node),
    }));

/** As many as are looked through. */
const MOST_PAGES = 30;
/** Milliseconds. */
const FRESH = 60_000;
const nodes = signal<readonly ListedNodeView[]>([]);
let readAt = 0;

/** Read once somebody searches. */
function wantNodes(): void {
  if (Date.now() - readAt < FRESH) return;
  readAt = Date.now();
  readNodes().catch(() => undefined);
}

async function readNodes(): Promise<void> {
  const list: ListedNodeView[] = [];
  let read = 0;
  for await (const page of pages('listNodes', { query: { limit: '100' } })) {
    list.push(...page.nodes);
    nodes.value = [...list];
    read += 1;
    if (read === MOST_PAGES) return;
  }
}
