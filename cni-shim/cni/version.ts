/** Versions of the CNI specification: which of them the plugin speaks, and since which of them there is a verb. */

import { show } from '../machine/json.ts';
import { ReferenceRefusal, refusal } from '../machine/refusal.ts';
import { fieldsOf } from './fields.ts';

/** In their order. */
export const supportedVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof supportedVersions)[number];

/** Of an error whose caller's version is not known. */
export const NEWEST_VERSION: CniVersion = '1.1.0';
/** A configuration without a version is one of this (CNI specification, section 1). */
const FIRST_VERSION: CniVersion = '0.1.0';

/** Verbs that read a configuration, and since when they do. */
export const verbs = { ADD: '0.1.0', DEL: '0.1.0', CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' } as const;
export type Verb = keyof typeof verbs;

export const isVerb = (text: string | undefined): text is Verb => text !== undefined && Object.hasOwn(verbs, text);

export const isSince = (first: CniVersion, version: CniVersion): boolean =>
  supportedVersions.indexOf(version) >= supportedVersions.indexOf(first);

/** As the caller writes it, supported or not; undefined where it is no text. */
export function writtenVersion(input: Record<string, unknown>): string | undefined {
  const version = fieldsOf(input, 'the configuration', ['cniVersion']).get('cniVersion');
  if (version === undefined || version === '') return FIRST_VERSION;
  return typeof version === 'string' ? version : undefined;
}

/** @throws LessorError `cni.version`, where it is not supported or does not know the verb. */
export function parseVersion(verb: Verb, input: Record<string, unknown>): CniVersion {
  const written = writtenVersion(input);
  const version = supportedVersions.find((candidate) => candidate === written);
  if (version === undefined) {
    const shown = written ?? fieldsOf(input, 'the configuration', ['cniVersion']).get('cniVersion');
    throw refusal(
      'cni.version',
      `cniVersion ${show(shown)} is not supported`,
      `use one of ${supportedVersions.join(', ')}`,
    );
  }
  if (isSince(verbs[verb], version)) return version;
  throw new ReferenceRefusal('cni.version', `config version does not allow ${verb}`, {
    remedy: `${verb} is of CNI ${verbs[verb]}, and this configuration's cniVersion is ${version}: use a later one`,
  });
}
