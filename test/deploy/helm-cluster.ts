/**
 * As much of a Kubernetes API server as helm asks for: objects by their paths, made, read, listed, watched, patched and deleted.
 * A patch is kept beside its object and not carried out, but for what helm keeps of releases, which it replaces as a whole.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { KubernetesObject } from './helm.ts';
import { isProtobuf, secretOf } from './protobuf-secret.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export interface HelmCluster {
  readonly server: string;
  /** What changed something, in order; without helm's own records. */
  readonly changes: Asked[];
  /** By kind and name, without helm's own records. */
  names(): string[];
  get(kind: string, name: string): KubernetesObject | undefined;
  /** A pod has run, as kubelet says. */
  ended(pod: string, phase: 'Succeeded' | 'Failed'): void;
  close(): Promise<void>;
}

/** Kinds by group and version, each with its plural. */
const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: {
    secrets: 'Secret',
    configmaps: 'ConfigMap',
    serviceaccounts: 'ServiceAccount',
    pods: 'Pod',
    namespaces: 'Namespace',
  },
  'apps/v1': { daemonsets: 'DaemonSet' },
  'rbac.authorization.k8s.io/v1': {
    roles: 'Role',
    rolebindings: 'RoleBinding',
    clusterroles: 'ClusterRole',
    clusterrolebindings: 'ClusterRoleBinding',
  },
  'monitoring.coreos.com/v1': { podmonitors: 'PodMonitor', prometheusrules: 'PrometheusRule' },
  'security.openshift.io/v1': { securitycontextconstraints: 'SecurityContextConstraints' },
};
const CLUSTER_WIDE = new Set(['namespaces', 'clusterroles', 'clusterrolebindings', 'securitycontextconstraints']);

interface Place {
  readonly groupVersion: string;
  readonly plural: string;
  readonly namespace: string;
  readonly name: string | undefined;
}

function placeOf(path: string): Place | undefined {
  const found = /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))(?:\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+))?$/.exec(
    path,
  );
  if (found === null) return undefined;
  const [, core, group, namespace = '', plural = '', name] = found;
  return { groupVersion: core ?? group ?? '', plural, namespace, name };
}

/** What client-go asks first: which kinds there are. */
function discovery(path: string): object | undefined {
  if (path === '/version') return { major: '1', minor: '37', gitVersion: 'v1.37.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = Object.keys(KINDS).filter((one) => one !== 'v1');
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map((groupVersion) => {
        const [name, version] = groupVersion.split('/');
        return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
      }),
    };
  const groupVersion = path.replace(/^\/apis?\//, '');
  const kinds = KINDS[groupVersion];
  if (kinds === undefined) return undefined;
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: Object.entries(kinds).map(([name, kind]) => ({
      name,
      kind,
      singularName: kind.toLowerCase(),
      namespaced: !CLUSTER_WIDE.has(name),
      verbs,
    })),
  };
}

const status = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message: reason,
});

export async function openHelmCluster(): Promise<HelmCluster> {
  const objects = new Map<string, KubernetesObject>();
  const changes: Asked[] = [];
  const watching = new Set<{ readonly prefix: string; readonly response: ServerResponse }>();
  let version = 1;

  function put(path: string, object: KubernetesObject, type: 'ADDED' | 'MODIFIED'): KubernetesObject {
    const known = { uid: path, creationTimestamp: '2026-11-29T00:00:00Z', resourceVersion: String(++version) };
    const kept = { ...object, metadata: { ...object.metadata, ...known } };
    objects.set(path, kept);
    tell(path, type, kept);
    return kept;
  }
  function tell(path: string, type: string, object: KubernetesObject): void {
    for (const { prefix, response } of watching)
      if (path.startsWith(prefix)) response.write(`${JSON.stringify({ type, object })}\n`);
  }
  const matches = ({ metadata: { labels = {} } }: KubernetesObject, selector: string | null): boolean =>
    (selector ?? '').split(',').every((one) => {
      const [label = '', value] = one.split(/==?/);
      return one === '' || labels[label] === value;
    });

  function list(response: ServerResponse, path: string, query: URLSearchParams, { groupVersion, plural }: Place): void {
    const prefix = `${path}/`;
    if (query.get('watch') !== null) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      const one = { prefix, response };
      watching.add(one);
      response.on('close', () => watching.delete(one));
      for (const [at, object] of objects)
        if (at.startsWith(prefix)) response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
      return;
    }
    const found = [...objects].filter(
      ([at, object]) => at.startsWith(prefix) && matches(object, query.get('labelSelector')),
    );
    const about = { kind: `${KINDS[groupVersion]?.[plural]}List`, apiVersion: groupVersion };
    send(response, 200, {
      ...about,
      metadata: { resourceVersion: String(version) },
      items: found.map(([, object]) => object),
    });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '', 'http://cluster');
    const { method = 'GET' } = request;
    const said = await buffer(request);
    const body =
      said.length === 0
        ? undefined
        : isProtobuf(said)
          ? secretOf(said)
          : (JSON.parse(String(said)) as KubernetesObject);
    // A description of no kind: so helm checks nothing by it. schemas.test.ts does.
    if (path === '/openapi/v2') return void response.writeHead(200).end();
    const pod = /^(.*\/pods\/[^/]+)\/log$/.exec(path)?.[1];
    if (pod !== undefined)
      return void (objects.has(pod) ? response.end('Check  answered\n') : send(response, 404, status(404, 'NotFound')));
    const found = method === 'GET' ? discovery(path) : undefined;
    if (found !== undefined) return send(response, 200, found);
    const place = placeOf(path);
    if (place === undefined || KINDS[place.groupVersion]?.[place.plural] === undefined)
      return send(response, 404, status(404, 'NotFound'));
    if (method !== 'GET' && place.plural !== 'secrets') changes.push({ method, path, body });
    if (method === 'GET' && place.name === undefined) return list(response, path, searchParams, place);
    if (method === 'POST' && body !== undefined) {
      const at = `${path}/${body.metadata.name}`;
      return objects.has(at)
        ? send(response, 409, status(409, 'AlreadyExists'))
        : send(response, 201, put(at, body, 'ADDED'));
    }
    const object = objects.get(path);
    if (object === undefined) return send(response, 404, status(404, 'NotFound'));
    if (method === 'DELETE') {
      objects.delete(path);
      tell(path, 'DELETED', object);
      return send(response, 200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
    }
    if (method === 'PUT' && body !== undefined) return send(response, 200, put(path, body, 'MODIFIED'));
    send(response, 200, object);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => send(response, 500, status(500, String(error))));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = () => [...objects.values()].filter(({ kind }) => kind !== 'Secret');
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    changes,
    names: () =>
      own()
        .map(({ kind, metadata: { name } }) => `${kind}/${name}`)
        .sort(),
    get: (kind, name) => own().find((one) => one.kind === kind && one.metadata.name === name),
    ended(pod, phase) {
      const [path, object] =
        [...objects].find(([, { kind, metadata }]) => kind === 'Pod' && metadata.name === pod) ?? [];
      if (path === undefined || object === undefined) throw new Error(`there is no pod ${pod}`);
      put(path, { ...object, status: { phase } }, 'MODIFIED');
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const send = (response: ServerResponse, code: number, body: object): void => {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
