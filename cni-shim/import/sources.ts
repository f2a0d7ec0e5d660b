/** Reads what was exported, and what proves whose it is and that it lives. */
import { readFileSync } from 'node:fs';
import { isFileError } from '../machine/files.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import type { WrittenDown } from './allocation.ts';
import { readCalico } from './calico.ts';
import type { LifeEvidence } from './evidence.ts';
import { readHostLocal } from './host-local.ts';
import { type KubernetesObject, objectsIn } from './kubernetes-list.ts';
import { livingAddresses } from './namespaces.ts';
import { type PodList, podsAmong } from './pods.ts';
import { sandboxesIn } from './sandboxes.ts';
import { isPool, readWhereabouts } from './whereabouts.ts';

export const KINDS = ['host-local', 'whereabouts', 'calico'] as const;
export type IpamKind = (typeof KINDS)[number];

export interface Sources {
  readonly kind: IpamKind;
  /** A directory of host-local's, else a file. `-` is standard input. */
  readonly source: string;
  /** Files. */
  readonly pods: string | undefined;
  readonly sandboxes: string | undefined;
  readonly nodeName: string | undefined;
}

export interface SourceReading extends Pick<Surroundings, 'files' | 'env'> {
  /** All of standard input; this process's own if left out. */
  readonly input?: (() => string) | undefined;
}

/** @throws LessorError `request.invalid`, which names the file */
export function readSources(
  reading: SourceReading,
  sources: Sources,
): { readonly written: WrittenDown; readonly evidence: LifeEvidence } {
  const { kind, source, pods, sandboxes } = sources;
  const text = textReader(reading);
  const nodeName = nameOf(reading, sources.nodeName);
  const read =
    kind === 'host-local'
      ? { written: readHostLocal(reading.files, source), pods: undefined }
      : exported(kind, source, text);
  const listed = pods === undefined ? read.pods : (podsOf(objectsIn(text(pods), pods), pods) ?? read.pods);
  return {
    written: read.written,
    evidence: {
      nodeName,
      living: livingAddresses(reading.files),
      // Of what comes through a pipe nobody can say when it was made.
      sandboxes:
        sandboxes === undefined
          ? undefined
          : sandboxesIn(
              text(sandboxes),
              sandboxes,
              sandboxes === '-' ? undefined : reading.files.modifiedAt(sandboxes),
            ),
      pods: listed,
      isAllOwn: kind === 'host-local',
    },
  };
}

function exported(kind: 'whereabouts' | 'calico', source: string, text: (path: string) => string) {
  const objects = objectsIn(text(source), source);
  const isOfKind = (one: KubernetesObject) => (kind === 'calico' ? one.kind === 'IPAMBlock' : isPool(one));
  if (!objects.some(isOfKind)) {
    const [what, how] =
      kind === 'calico'
        ? ['IPAMBlock', 'ipamblocks.crd.projectcalico.org']
        : ['IPPool', 'ippools.whereabouts.cni.cncf.io'];
    throw refusal('request.invalid', `${source} has no ${what}`, `write it with kubectl get ${how},pods -A -o json`);
  }
  const written = kind === 'calico' ? readCalico(objects) : readWhereabouts(objects);
  return { written, pods: podsAmong(objects) };
}

/** @throws LessorError `request.invalid` */
function podsOf(objects: readonly KubernetesObject[], where: string): PodList {
  const pods = podsAmong(objects);
  if (pods !== undefined) return pods;
  throw refusal('request.invalid', `${where} has no pod`, 'write it with kubectl get pods -A -o json');
}

/** Kubernetes takes the host's name for the node's, in lower case, unless it is told another one. */
const nameOf = ({ files, env }: Pick<SourceReading, 'files' | 'env'>, given: string | undefined): string =>
  (given ?? (env.NODE_NAME || (files.read('/proc/sys/kernel/hostname') ?? ''))).trim().toLowerCase();

/** Standard input is read once, whoever names it. */
function textReader({ files, input = () => readFileSync(0, 'utf8') }: SourceReading): (path: string) => string {
  let given: string | undefined;
  return (path) => {
    if (path === '-') {
      given ??= input();
      return given;
    }
    try {
      const text = files.read(path);
      if (text !== undefined) return text;
    } catch (error) {
      if (!isFileError(error)) throw error;
      throw refusal('request.invalid', `${path} cannot be read (${error.code})`, 'name a file', error);
    }
    throw refusal('request.invalid', `${path} is not there`, 'name a file, or - for standard input');
  };
}
