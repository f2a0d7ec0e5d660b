/** The part of the agent that speaks to Kubernetes, put together: as which service account, of which node, of which records. */
import type { Calls } from '../api/client.ts';
import { type KubernetesApi, kubernetesApi } from '../kubernetes/api.ts';
import { eventLog } from '../kubernetes/events.ts';
import { nodeObject } from '../kubernetes/node-object.ts';
import { serviceAccountIn } from '../kubernetes/service-account.ts';
import { followFailures } from '../log/follow-failures.ts';
import { inDataDir } from '../machine/layout.ts';
import { logFileOf } from '../machine/node-configuration.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { type DataDirectories, recordsIn } from '../sync/data-directories.ts';
import { addressEvidence, forgetRefusals } from './address-evidence.ts';
import { happeningsOf } from './happenings.ts';
import type { HoldTimes } from './hold.ts';
import { kubernetesStatus, noteKubernetesStatus, untaintCommand } from './kubernetes-status.ts';
import { kubernetesTrouble } from './kubernetes-trouble.ts';
import { type KubernetesMetrics, type Metrics, makeKubernetesMetrics } from './metrics.ts';
import { LOOK_MS, type NodeVoice, nodeVoice } from './node-voice.ts';
import { type Stopping, stoppingBy } from './stopping.ts';
import type { Telling } from './tell-service.ts';

type Log = (...said: Parameters<Telling['log']>) => unknown;

export interface SpeakingOptions {
  /** Where the service account's token and CA certificate lie. */
  readonly directory: string;
  readonly times: HoldTimes;
  /** False: no taint is set, and one that is there goes. */
  readonly taints: boolean;
}

export interface Speaking extends DataDirectories {
  readonly surroundings: Surroundings;
  readonly api: Pick<Calls, 'readiness'>;
  readonly metrics: Metrics;
  readonly log: Telling['log'];
  /** Of the node configuration. */
  readonly config?: string | undefined;
  readonly name?: string | undefined;
  readonly version: string;
  readonly stopped: Promise<void>;
}

/** For the last words: kubelet kills a pod 30 s after it told it to stop. */
const LAST_WORDS_MS = 12_000;

/** Until it is told to stop. Never rejects: what fails is logged and tried again. */
export async function speakToKubernetes(speaking: Speaking, options: SpeakingOptions): Promise<void> {
  const { surroundings, log } = speaking;
  const stopping = stoppingBy(speaking.stopped);
  /** Once it is told to stop only its last words are sent. */
  let isEnding = false;
  const voice = voiceOf(speaking, options, { stopping, maySpeak: () => !stopping.isTold || isEnding });
  if (voice === undefined) return;
  const note = noting(speaking, voice);
  const tried = async (act: () => Promise<void>) =>
    act().catch((error) => log('error', `what is said to Kubernetes failed: ${String(error)}`));
  while (!stopping.isTold) {
    await tried(async () => {
      await voice.look();
      note();
    });
    await stopping.unless(surroundings.sleep(LOOK_MS));
  }
  isEnding = true;
  const isOver = await Promise.race([voice.end(), surroundings.sleep(LAST_WORDS_MS).then(() => false)]);
  await tried(async () => note());
  if (!isOver) log('warn', 'the taint may have stayed', { remedy: untaintCommand(voice.status) });
}

/** Nobody speaks to Kubernetes here any more: says once how to take away what an agent before left. */
export function sayWhatWasLeft({ log, ...directories }: DataDirectories & Pick<Speaking, 'log'>): void {
  for (const records of recordsIn(directories))
    try {
      const left = kubernetesStatus(records);
      noteKubernetesStatus(records, undefined);
      if (left?.tainted === true)
        log('warn', 'an earlier agent left a taint on this node, and this one does not speak to Kubernetes', {
          remedy: untaintCommand(left),
        });
    } catch (error) {
      // What needs the journal more says so each round, until the disk is well.
      log('error', `whether an earlier agent left a taint is not known: ${String(error)}`);
    }
}

function voiceOf(
  speaking: Speaking,
  { directory, ...options }: SpeakingOptions,
  { stopping, maySpeak }: { readonly stopping: Stopping; readonly maySpeak: () => boolean },
): NodeVoice | undefined {
  const { surroundings, log, name, version } = speaking;
  const account = serviceAccountIn(directory, surroundings);
  if (account === undefined || name === undefined) {
    const what = account === undefined ? 'where the Kubernetes API is' : 'what the cluster calls this node';
    log('warn', `Kubernetes is told nothing: it is not known ${what}`, {
      remedy: 'run the agent as a pod with NODE_NAME, or leave --kubernetes out; all else that the agent does goes on',
    });
    return undefined;
  }
  const api = kubernetesApi(account, `lessor-agent/${version}`);
  return voiceWith(
    {
      ask: async (request) => (maySpeak() ? api.ask(request) : { kind: 'unanswered', why: 'the agent stops' }),
    },
    { ...speaking, name, stopping, log: (...said) => maySpeak() && log(...said) },
    options,
  );
}

/** @param kubernetes the Kubernetes API */
export function voiceWith(
  kubernetes: KubernetesApi,
  speaking: Omit<Speaking, 'metrics' | 'version' | 'stopped' | 'log'> & {
    readonly name: string;
    readonly stopping: Stopping;
    readonly log: Log;
  },
  options: Pick<SpeakingOptions, 'times' | 'taints'>,
): NodeVoice {
  const { surroundings, name, api, stopping, log } = speaking;
  const { now } = surroundings;
  const networks = recordsIn(speaking);
  // It may wait for a process that was killed while it asked: longer than kubelet waits for one that it told to stop.
  const sleep = async (milliseconds: number): Promise<void> => {
    await stopping.unless(surroundings.sleep(milliseconds));
    if (stopping.isTold) throw new Error('the agent stops');
  };
  const sources = { networks, api, surroundings: { now, sleep } };
  const failures = logsOf(speaking).map((path) => followFailures(surroundings.files, path));
  return nodeVoice({
    ...options,
    name,
    now,
    node: nodeObject(kubernetes, name),
    events: eventLog(kubernetes, name, now),
    trouble: kubernetesTrouble(now, log),
    evidence: () =>
      addressEvidence(sources).catch((error) => {
        if (stopping.isTold) return { kind: 'leaving' } as const;
        throw error;
      }),
    happenings: happeningsOf({ networks, failures, now }),
    forgetRefusals: () => forgetRefusals(sources),
  });
}

/** The node configuration's, and where it names none that of each data directory. */
function logsOf({ surroundings, config, dataDirs }: Pick<Speaking, 'surroundings' | 'config' | 'dataDirs'>): string[] {
  const log = logFileOf(config === undefined ? {} : { config }, surroundings);
  if (log === undefined) return [];
  const ofEach = dataDirs.map((directory) => inDataDir(directory).log);
  return ofEach.includes(log) ? ofEach : [log];
}

/** Writes down, where `lessor status` and Prometheus look, what it has come to. */
function noting(speaking: Speaking, voice: NodeVoice): () => void {
  const metrics: KubernetesMetrics = makeKubernetesMetrics(speaking.metrics);
  const [records] = recordsIn(speaking);
  const counted = { sent: 0, dropped: 0 };
  return () => {
    const { status } = voice;
    metrics.noAddresses.set(status.condition?.status === 'True' ? 1 : 0);
    metrics.tainted.set(status.tainted ? 1 : 0);
    metrics.reachable.set(status.trouble === undefined ? 1 : 0);
    for (const outcome of ['sent', 'dropped'] as const) {
      metrics.events.inc({ outcome }, status.events[outcome] - counted[outcome]);
      counted[outcome] = status.events[outcome];
    }
    if (records !== undefined) noteKubernetesStatus(records, status);
  };
}
