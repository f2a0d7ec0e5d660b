/** A container runtime asked as the kubelet asks it: Kubernetes' Container Runtime Interface (CRI, runtime.v1) over gRPC. */
import { Client, credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface Sandbox {
  readonly id: string;
  readonly isReady: boolean;
}

export interface Cri {
  /** `containerd 1.6.20`, or the like. */
  version(): Promise<string>;
  /** Of each condition (`RuntimeReady`, `NetworkReady`), whether it is met. */
  conditions(): Promise<Readonly<Record<string, boolean>>>;
  /** Starts a pod's sandbox: its namespaces, its network and the process that keeps them. @returns its id. @throws Error */
  run(pod: string, handler: string, annotations?: Readonly<Record<string, string>>): Promise<string>;
  /** @throws Error */
  stop(id: string): Promise<void>;
  /** @throws Error */
  remove(id: string): Promise<void>;
  /** The addresses that the runtime knows of a sandbox, and whether it runs. @throws Error where there is no such sandbox */
  status(id: string): Promise<{ readonly isReady: boolean; readonly addresses: readonly string[] }>;
  list(): Promise<Sandbox[]>;
  close(): void;
}

/** As long as the kubelet waits (--runtime-request-timeout is 2 min) costs a test that fails too much. */
const DEADLINE_MS = 30_000;

interface State {
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
}
const isReady = ({ state }: State): boolean => state === 'SANDBOX_READY';

/** @param socket path of the runtime's socket, which need not be there yet */
export function openCri(socket: string): Cri {
  const { runtime } = loadPackageDefinition(
    loadSync(`${import.meta.dirname}/cri.proto`, { enums: String, defaults: true }),
  ) as unknown as { runtime: { v1: { RuntimeService: ServiceClientConstructor } } };
  const { service } = runtime.v1.RuntimeService;
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 200,
  });
  const ask = <A>(method: string, request: object = {}) =>
    new Promise<A>((done, failed) => {
      const called = service[method];
      if (called === undefined) throw new Error(`cri.proto has no ${method}`);
      const { path, requestSerialize, responseDeserialize } = called;
      const options = { deadline: Date.now() + DEADLINE_MS };
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, (error, answer) =>
        error === null ? done(answer as A) : failed(error),
      );
    });
  return {
    async version() {
      const { runtimeName, runtimeVersion } = await ask<{ runtimeName: string; runtimeVersion: string }>('Version');
      return `${runtimeName} ${runtimeVersion}`;
    },
    async conditions() {
      const { status } = await ask<{ status: { conditions: { type: string; status: boolean }[] } }>('Status');
      return Object.fromEntries(status.conditions.map(({ type, status: met }) => [type, met]));
    },
    async run(pod, handler, annotations = {}) {
      const metadata = { name: pod, uid: `uid-${pod}`, namespace: 'default', attempt: 0 };
      const request = { config: { metadata, annotations, linux: {} }, runtimeHandler: handler };
      return (await ask<{ podSandboxId: string }>('RunPodSandbox', request)).podSandboxId;
    },
    stop: (id) => ask('StopPodSandbox', { podSandboxId: id }),
    remove: (id) => ask('RemovePodSandbox', { podSandboxId: id }),
    async status(id) {
      type Network = { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] };
      const { status } = await ask<{ status: State & { network: Network | null } }>('PodSandboxStatus', {
        podSandboxId: id,
      });
      const { ip = '', additionalIps = [] } = status.network ?? {};
      return {
        isReady: isReady(status),
        addresses: [ip, ...additionalIps.map((one) => one.ip)].filter((address) => address !== ''),
      };
    },
    async list() {
      const { items } = await ask<{ items: (State & { id: string })[] }>('ListPodSandbox');
      return items.map((item) => ({ id: item.id, isReady: isReady(item) }));
    },
    close: () => client.close(),
  };
}
