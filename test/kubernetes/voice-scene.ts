/** A node of a cluster in one process: its plugin, the service's use cases, a small Kubernetes API server, and what speaks to it; a clock that a test sets. */
import type { NodeVoice } from '../../cni-shim/agent/node-voice.ts';
import { voiceWith } from '../../cni-shim/agent/speak-to-kubernetes.ts';
import { stoppingBy } from '../../cni-shim/agent/stopping.ts';
import { type KubernetesApi, type KubernetesReply, replyOf } from '../../cni-shim/kubernetes/api.ts';
import { isTainted, type Taint } from '../../cni-shim/kubernetes/node-object.ts';
import { countChanges } from '../../functions/use-cases/changes/count-changes.ts';
import { configuration, Node } from '../cni-shim/in-process.ts';
import { api, servedNode } from '../cni-shim/served-node.ts';
import { type Service, serviceFor } from '../cni-shim/service.ts';
import { leaseStream } from '../functions/lease-stream.ts';
import { operatorsPool, type World, world } from '../functions/world.ts';
import { memoryStore } from '../store/memory-store.ts';
import { ApiServer, type Incoming, type Outgoing } from './api-server.ts';
import { rulesOfChart } from './rights.ts';

export const NODE = 'worker-1';
const TIMES = { setAfterMs: 30_000, clearAfterMs: 30_000 };
export const MINUTE_MS = 60_000;

/** As kubelet has it. */
export const kubeletsConditions = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
  type,
  status: type === 'Ready' ? 'True' : 'False',
  reason: `Kubelet${type}`,
  message: 'kubelet says so',
  lastHeartbeatTime: '2026-01-01T00:00:00Z',
  lastTransitionTime: '2026-01-01T00:00:00Z',
}));
export const OTHERS_TAINT = { key: 'example.com/kept', effect: 'NoSchedule', value: 'for-databases' };
/** Somebody's own, with our key. */
export const SAME_KEY = { key: 'lessor.dev/no-addresses', effect: 'NoExecute' };

interface Logged {
  readonly level: string;
  readonly message: string;
  readonly facts: Record<string, unknown>;
}

interface Adding {
  /** In place of what the ipam section has. */
  readonly ipam?: Record<string, unknown>;
  readonly ifname?: string;
  /** Beside what names the pod: `;IP=…`. */
  readonly args?: string;
}

export class VoiceScene {
  readonly #stream = leaseStream(memoryStore());
  #told = 0;
  readonly here: World = world(this.#stream.store);
  readonly node = new Node(api);
  service: Service = serviceFor(this.here.environment(), 'i-1');
  readonly cluster = new ApiServer(rulesOfChart());
  readonly logged: Logged[] = [];
  stopped: Promise<void> = new Promise(() => {});
  /** What befalls a request of the agent to the Kubernetes API. */
  fate: (incoming: Incoming) => Outgoing | 'unanswered' | undefined = () => undefined;
  readonly #served = servedNode(() => this);
  voice: NodeVoice;

  private constructor() {
    this.cluster.put('nodes', {
      metadata: { name: NODE },
      spec: { taints: [OTHERS_TAINT, SAME_KEY] },
      status: { conditions: kubeletsConditions },
    });
    this.voice = this.startAgent();
  }

  /** With a shared pool, all of whose addresses can be had again at once. */
  static async begin(addresses = 3): Promise<VoiceScene> {
    const scene = new VoiceScene();
    await operatorsPool(scene.here, { addresses, blockSize: 4, cooldownSeconds: 0, name: 'green' });
    return scene;
  }

  /** Another process: nothing that the one before had in mind is left. */
  startAgent({ kubernetes = this.api, taints = true } = {}): NodeVoice {
    const surroundings = this.#served.surroundings();
    const speaking = {
      surroundings,
      dataDirs: [this.node.dataDir],
      bootId: this.node.bootId,
      api: this.#served.client(),
      config: this.node.config,
      name: NODE,
      stopping: stoppingBy(this.stopped),
      log: (level: string, message: string, facts: Record<string, unknown> = {}) =>
        this.logged.push({ level, message, facts }),
    };
    this.voice = voiceWith(kubernetes, speaking, { times: TIMES, taints });
    return this.voice;
  }

  /** The way to the API server, without a network. */
  get api(): KubernetesApi {
    return {
      ask: async (request): Promise<KubernetesReply> => {
        const fate = this.fate(request);
        if (fate === 'unanswered') return { kind: 'unanswered', why: 'connect ECONNREFUSED' };
        const { status, object } = fate ?? this.cluster.asAgent(JSON.parse(JSON.stringify(request)));
        return replyOf({ status, text: JSON.stringify(object) });
      },
    };
  }

  /** The exit code. */
  async add(pod: string, namespace = 'shop', { ipam, ifname = 'eth0', args: more = '' }: Adding = {}): Promise<number> {
    const args = `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${pod};K8S_POD_UID=uid-of-${pod}${more}`;
    const surroundings = this.#served.around();
    const called = await this.node.call('ADD', pod, {
      stdin: configuration({ ranges: undefined, pool: 'green', routes: undefined, ...ipam }),
      env: { CNI_ARGS: args, CNI_IFNAME: ifname },
      surroundings,
    });
    await this.#count();
    return called.exitCode;
  }

  async remove(pod: string): Promise<void> {
    await this.#served.remove(pod);
    await this.#count();
  }

  /** Three pods have every address of the pool, and a fourth is refused. */
  async exhaust(): Promise<void> {
    for (const pod of ['web-0', 'web-1', 'web-2']) await this.add(pod);
    if ((await this.add('web-3')) !== 1) throw new Error('the pool was not full');
  }

  pass(milliseconds: number): void {
    this.here.clock.now += milliseconds;
  }

  /** Looks as they come for so long. @param retries pods that kubelet tries again every 15 s */
  async looksFor(milliseconds: number, retries: readonly string[] = []): Promise<void> {
    for (const end = this.here.clock.now + milliseconds; this.here.clock.now < end; ) {
      for (const pod of retries) await this.add(pod);
      for (let looks = 0; looks < 3; looks += 1) {
        this.pass(5_000);
        await this.voice.look();
      }
    }
  }

  surroundings = () => this.#served.surroundings();
  records = () => this.#served.records();
  client = () => this.#served.client();

  taints(): Taint[] {
    return this.cluster.get('nodes', NODE).spec.taints ?? [];
  }

  isTainted = (): boolean => isTainted({ taints: this.taints() });

  /** Ours. */
  condition() {
    return this.cluster
      .get('nodes', NODE)
      .status.conditions.find(({ type }: { type: string }) => type === 'LessorNoAddresses');
  }

  events = (kind: 'Pod' | 'Node') =>
    this.cluster.list('events').filter(({ involvedObject }) => involvedObject.kind === kind);
  asked = (method: string) => this.cluster.received.filter((one) => one.method === method);
  lines = () => this.logged.map(({ level, message }) => `${level}: ${message}`);
  sentTo = (path: string) => this.service.sent.filter((one) => one.path === path);

  async #count(): Promise<void> {
    const { changes } = this.#stream;
    const news = changes.slice(this.#told);
    this.#told = changes.length;
    await countChanges(this.here.environment(), 'shard', news);
  }
}
