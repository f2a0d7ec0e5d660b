/** What a command on a node works with: the node configuration, the API, and where the plugin keeps its records. */
import type { LessorError } from '../../core/contract/problems.ts';
import { type Api, apiClient } from '../api/client.ts';
import { type Outage, openOutage } from '../api/outage.ts';
import { credentialSupply } from '../aws/credentials.ts';
import { DATA_DIR, hiddenDataDir, inDataDir } from '../machine/layout.ts';
import { loadNodeConfiguration } from '../machine/node-configuration.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { openRecords } from '../node/node-records.ts';
import type { DataDirectories } from './data-directories.ts';

export interface NodeAccess extends DataDirectories {
  readonly surroundings: Surroundings;
  readonly endpoint: URL;
  readonly api: Api;
  /** Of each data directory. */
  readonly outages: readonly Outage[];
  /** For each data directory that was given and has no journal. */
  readonly withoutJournal: readonly LessorError[];
}

export interface AccessOptions {
  /** Path of the node configuration. */
  readonly config?: string | undefined;
  /** Data directories beside the node configuration's: those of networks with a `dataDir` of their own. */
  readonly dataDirs?: readonly string[] | undefined;
}

/** @throws LessorError `node.configuration` */
export function accessNode(surroundings: Surroundings, { config, dataDirs = [] }: AccessOptions): NodeAccess {
  const relative = dataDirs.find((one) => !one.startsWith('/'));
  if (relative !== undefined)
    throw refusal(
      'node.configuration',
      `--data-dir ${JSON.stringify(relative)} is not absolute`,
      `write it like ${DATA_DIR}`,
    );
  const node = loadNodeConfiguration(config === undefined ? {} : { config }, surroundings);
  const { endpoint, region, dataDir, credentials: choice } = node;
  const all = [...new Set([dataDir, ...dataDirs])];
  const credentials = credentialSupply(surroundings, { dataDir, choice });
  return {
    surroundings,
    endpoint,
    dataDirs: all,
    bootId: surroundings.bootId(),
    api: apiClient({ endpoint, region, credentials, surroundings }),
    outages: all.map((one) => openOutage(openRecords(surroundings, one), surroundings.now)),
    withoutJournal: dataDirs.flatMap((one) => journalMissingIn(surroundings, one) ?? []),
  };
}

/** For a person's commands: what they name is there, or they mistook it. @throws LessorError `request.invalid` */
export function accessJournals(surroundings: Surroundings, options: AccessOptions): NodeAccess {
  const access = accessNode(surroundings, options);
  const [missing] = access.withoutJournal;
  if (missing !== undefined) throw missing;
  return access;
}

function journalMissingIn({ files, machineId }: Surroundings, dataDir: string): LessorError | undefined {
  const hasJournal = (directory: string) => files.size(inDataDir(directory).journal(machineId())) !== undefined;
  if (hasJournal(dataDir)) return undefined;
  const hidden = hiddenDataDir(dataDir.replace(/\/+$/, ''));
  const remedy = hasJournal(hidden)
    ? `there is one in ${hidden}: name that`
    : `name a directory as ${hiddenDataDir('<dataDir>')} of a network that has a dataDir of its own`;
  return refusal('request.invalid', `--data-dir ${dataDir} has no journal of this machine`, remedy);
}
