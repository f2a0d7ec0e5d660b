/**
 * A small Kubernetes API server: nodes, pods and events by the real paths, with resource versions, patches, a user's rights, and
 * the answers that kubectl wants of it. Each request is recorded, and compared with what Kubernetes publishes.
 */
import { operationOf, wrongIn } from './published.ts';
import { allows, type Rule } from './rights.ts';
import { merged } from './strategic-merge.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Incoming {
  readonly method: string;
  /** With a query, where there is one. */
  readonly path: string;
  readonly contentType?: string | undefined;
  readonly body?: unknown;
}

export interface Outgoing {
  readonly status: number;
  readonly object: Fields;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

const STRATEGIC = 'application/strategic-merge-patch+json';
const PATHS =
  /^\/api\/v1(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<kind>nodes|pods|events)(?:\/(?<name>[^/]+)(?:\/(?<part>status))?)?$/;
const KIND: Readonly<Record<string, string>> = { nodes: 'Node', pods: 'Pod', events: 'Event' };

export class ApiServer {
  /** By `<kind>/<namespace>/<name>`. */
  readonly #objects = new Map<string, Fields>();
  #version = 100;
  /** Of the agent, in order. */
  readonly received: Incoming[] = [];
  /** What was asked that Kubernetes would not understand. */
  readonly wrong: string[] = [];
  rules: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
  }

  /** As somebody with every right does it. */
  put(kind: 'nodes' | 'pods' | 'events', object: { readonly metadata: Metadata } & Fields): void {
    const { metadata } = object;
    const key = keyOf(kind, metadata.namespace, metadata.name);
    this.#objects.set(key, {
      apiVersion: 'v1',
      kind: KIND[kind],
      ...object,
      metadata: { uid: `uid-of-${metadata.name}`, ...metadata, resourceVersion: this.#next() },
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was kept
  get(kind: string, name: string, namespace?: string): any {
    return this.#objects.get(keyOf(kind, namespace, name));
  }

  remove(kind: string, name: string, namespace?: string): void {
    this.#objects.delete(keyOf(kind, namespace, name));
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was kept
  list(kind: string): any[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => object);
  }

  /** What the agent's service account gets. */
  asAgent(incoming: Incoming): Outgoing {
    this.received.push(incoming);
    const { method, path } = incoming;
    if (operationOf(method, path.split('?')[0] ?? '') === undefined) this.wrong.push(`${method} ${path}`);
    const { kind = '', part } = PATHS.exec(path.split('?')[0] ?? '')?.groups ?? {};
    const resource = part === undefined ? kind : `${kind}/${part}`;
    const verb = { GET: 'get', POST: 'create', PATCH: 'patch' }[method] ?? method;
    if (!allows(this.rules, { verb, apiGroup: '', resource }))
      return statusOf(403, 'Forbidden', `${resource} is forbidden: the service account cannot ${verb} resource`);
    return this.answer(incoming);
  }

  answer({ method, path, contentType, body }: Incoming): Outgoing {
    const [bare = '', query = ''] = path.split('?');
    const { kind, namespace, name, part } = PATHS.exec(bare)?.groups ?? {};
    if (kind === undefined) return discovery(bare);
    if (name === undefined && method === 'GET') return this.#listed(kind, namespace, new URLSearchParams(query));
    if (name === undefined) return this.#create(kind, namespace, body as Fields);
    const object = this.#objects.get(keyOf(kind, namespace, name));
    if (object === undefined) return statusOf(404, 'NotFound', `${kind} "${name}" not found`);
    if (method === 'GET') return { status: 200, object };
    if (method !== 'PATCH' || contentType !== STRATEGIC)
      return statusOf(415, 'UnsupportedMediaType', `${method} with ${contentType} is not taken`);
    return this.#patch(keyOf(kind, namespace, name), object, body as Fields, { kind, part });
  }

  #next(): string {
    this.#version += 1;
    return String(this.#version);
  }

  #create(kind: string, namespace: string | undefined, body: Fields): Outgoing {
    const metadata = body.metadata as Metadata;
    const key = keyOf(kind, namespace, metadata.name);
    const wrong = wrongIn(kind, body);
    if (kind === 'events') wrong.push(...wrongEvent(body, namespace));
    if (wrong.length > 0) return this.#invalid(wrong);
    if (this.#objects.has(key)) return statusOf(409, 'AlreadyExists', `${kind} "${metadata.name}" already exists`);
    this.put(kind as 'events', body as { metadata: Metadata });
    return { status: 201, object: this.#objects.get(key) ?? {} };
  }

  #patch(
    key: string,
    before: Fields,
    patch: Fields,
    { kind, part }: { kind: string; part: string | undefined },
  ): Outgoing {
    const { resourceVersion: expected } = (patch.metadata ?? {}) as Partial<Metadata>;
    const { resourceVersion: current } = before.metadata as Metadata;
    if (expected !== undefined && expected !== current)
      return statusOf(409, 'Conflict', `Operation cannot be fulfilled on ${kind}: the object has been modified`);
    const whole = merged(before, patch);
    // Each of the two paths changes its part, and leaves the other's as it is.
    const after: Fields = part === 'status' ? { ...before, status: whole.status } : { ...whole, status: before.status };
    const shown = kind === 'nodes' ? after : whole;
    const wrong = wrongIn(kind, shown, patch);
    if (wrong.length > 0) return this.#invalid(wrong);
    const metadata = { ...(shown.metadata as Metadata), resourceVersion: this.#next() };
    const object = { ...shown, metadata };
    this.#objects.set(key, object);
    return { status: 200, object };
  }

  #invalid(wrong: readonly string[]): Outgoing {
    this.wrong.push(...wrong);
    return statusOf(422, 'Invalid', wrong.join('; '));
  }

  #listed(kind: string, namespace: string | undefined, query: URLSearchParams): Outgoing {
    const terms = (query.get('fieldSelector') ?? '').split(',').filter((term) => term !== '');
    const items = this.list(kind).filter(
      (object) =>
        (namespace === undefined || object.metadata.namespace === namespace) &&
        terms.every((term) => {
          const [, path = '', operator, value] = /^(.+?)(!=|=)(.*)$/.exec(term) ?? [];
          const is = path.split('.').reduce<unknown>((at, one) => (at as Fields | undefined)?.[one], object);
          return operator === '=' ? String(is ?? '') === value : String(is ?? '') !== value;
        }),
    );
    const list = { kind: `${KIND[kind]}List`, apiVersion: 'v1', metadata: { resourceVersion: String(this.#version) } };
    return { status: 200, object: { ...list, items } };
  }
}

const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind}/${namespace ?? ''}/${name}`;

export const statusOf = (code: number, reason: string, message: string): Outgoing => ({
  status: code,
  object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
});

/** kubernetes, pkg/apis/core/validation/events.go: legacyValidateEvent; and names are DNS subdomains. */
function wrongEvent({ metadata, involvedObject }: Fields, namespace: string | undefined): string[] {
  const { name, namespace: own } = metadata as Metadata;
  const { namespace: its } = involvedObject as Partial<Metadata>;
  return [
    ...(own === namespace ? [] : ['metadata.namespace is another one than the path’s']),
    ...(its === undefined ? (own === 'default' ? [] : ['involvedObject.namespace does not match']) : []),
    ...(its !== undefined && its !== own ? ['involvedObject.namespace does not match'] : []),
    ...(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) && name.length <= 253 ? [] : [`${name} is no name`]),
  ];
}

/** What kubectl reads before it asks for anything. */
function discovery(path: string): Outgoing {
  const resource = (name: string, kind: string, namespaced: boolean) => ({
    name,
    singularName: kind.toLowerCase(),
    kind,
    namespaced,
    verbs: ['get', 'list', 'patch', 'create'],
  });
  const found: Readonly<Record<string, Fields>> = {
    '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
    '/api/v1': {
      kind: 'APIResourceList',
      groupVersion: 'v1',
      resources: [resource('nodes', 'Node', false), resource('pods', 'Pod', true), resource('events', 'Event', true)],
    },
  };
  const object = found[path];
  return object === undefined ? statusOf(404, 'NotFound', `there is no ${path}`) : { status: 200, object };
}
