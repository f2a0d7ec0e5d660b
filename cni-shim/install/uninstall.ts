/** Takes an installation away: the network configuration first, so that no pod is given to a plugin that is going. */
import { basename, join, normalize } from 'node:path';
import { isObject, parseJson } from '../machine/json.ts';
import { DAMAGED, DATA_DIR, EXECUTABLE, goodbyeFile, inDataDir, logFiles, UNIT } from '../machine/layout.ts';
import { logFileOf } from '../machine/node-configuration.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { recordsIn } from '../sync/data-directories.ts';
import { absolute, type Host } from './host.ts';
import type { Step } from './install.ts';
import { hasNothingBut, isDirectory, type Outcome, readIfThere, remove } from './put-file.ts';
import { readRecord, recordBeside } from './record.ts';
import type { Systemd } from './systemd.ts';

export interface Uninstallation {
  readonly host: Host;
  readonly surroundings: Pick<Surroundings, 'env' | 'files' | 'now' | 'bootId' | 'machineId' | 'openDatabase'>;
  /** Of an installation that left no record. */
  readonly binDir: string | undefined;
  readonly confDir: string;
  readonly config: string;
  /** Name of a network configuration that no installation recorded. */
  readonly conflist: string | undefined;
  readonly systemd: Systemd;
  /** The node configuration, the journal and the log as well. */
  readonly purge: boolean;
  /** Even where attachments have addresses. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

const RECORDS = 'records';

/** @throws LessorError; `pool.held` where containers have addresses, which a runtime ends with the plugin only */
export function uninstall(uninstallation: Uninstallation): Step[] {
  const { host, config, conflist, confDir, binDir, systemd, purge, dryRun } = uninstallation;
  absolute('config', config);
  absolute('conf-dir', confDir);
  if (binDir !== undefined) absolute('bin-dir', binDir);
  const installed = readRecord(host, config);
  const text = readIfThere(host.mounted(config));
  const dataDir = dataDirIn(text);
  ensureNothingIsHeld(uninstallation, dataDir);
  const kept = purge ? whatIsKept(uninstallation, dataDir, text) : [];
  const named = conflist === undefined ? [] : [join(confDir, basename(conflist))];
  const conflists = new Set([...named, ...(installed.conflist === undefined ? [] : [installed.conflist])]);
  const executable = binDir === undefined ? installed.executable : join(binDir, EXECUTABLE);
  ensureFiles(host, [
    ...conflists,
    ...(installed.unit === undefined ? [] : [installed.unit]),
    ...(executable === undefined ? [] : [executable]),
    ...kept.filter(({ directory }) => !directory).map(({ path }) => path),
  ]);
  const steps: Step[] = [];
  const takeAway = (what: string, path: string): Outcome => {
    const outcome = remove(host.mounted(path), { dryRun });
    if (outcome !== 'absent' || what !== RECORDS) steps.push({ what, path, outcome });
    return outcome;
  };
  for (const path of conflists) takeAway('network configuration', path);
  if (installed.unit !== undefined) {
    if (!dryRun && readIfThere(host.mounted(installed.unit)) !== undefined) steps.push(...stopAgent(systemd));
    if (takeAway('unit', installed.unit) === 'removed' && systemd.runs && !dryRun) systemd.call('daemon-reload');
  }
  if (executable !== undefined) takeAway('executable', executable);
  for (const { what, path } of kept) takeAway(what, path);
  takeAway('record', recordBeside(config));
  return steps;
}

/** Where a file is meant, a directory is somebody else's. @throws LessorError `node.configuration` */
function ensureFiles(host: Host, paths: readonly string[]): void {
  const directory = paths.find((path) => isDirectory(host.mounted(path)));
  if (directory === undefined) return;
  throw refusal(
    'node.configuration',
    `${directory} is a directory, and a file was to be removed`,
    'name the file in --conflist, --bin-dir, or logFile of the node configuration',
  );
}

function stopAgent(systemd: Systemd): Step[] {
  if (!systemd.isThere) return [];
  systemd.call('disable', ...(systemd.runs ? ['--now'] : []), UNIT);
  return [{ what: UNIT, outcome: 'stopped' }];
}

/** Of the node's own; the directory itself where nothing else is in it. */
function whatIsKept(
  { host, config, surroundings }: Uninstallation,
  dataDir: string,
  text: string | undefined,
): { what: string; path: string; directory?: true }[] {
  const files = { ...surroundings.files, read: () => text };
  const logFile = text === undefined ? undefined : logFileOf({ config }, { env: {}, files });
  // Whatever else is in that directory is somebody else's.
  const { machine, credentials, log } = inDataDir(dataDir);
  const machines = normalize(machine(surroundings.machineId()));
  const damaged = surroundings.files
    .list(host.mounted(dataDir))
    .filter((name) => name.startsWith(`${basename(machines)}${DAMAGED}`))
    .map((name) => join(dataDir, name));
  const directories = [machines, ...damaged];
  const own = [goodbyeFile(machines), normalize(credentials), ...Object.values(logFiles(logFile ?? normalize(log)))];
  const names = [...directories, ...own].filter((path) => path.startsWith(`${dataDir}/`)).map((path) => basename(path));
  const whole = hasNothingBut(host.mounted(dataDir), names);
  return [
    { what: 'node configuration', path: config },
    ...own.map((path) => ({ what: RECORDS, path })),
    ...(whole ? [dataDir] : directories).map((path) => ({ what: RECORDS, path, directory: true as const })),
  ];
}

function dataDirIn(text: string | undefined): string {
  const node = parseJson(text ?? '');
  return isObject(node) && typeof node.dataDir === 'string' ? node.dataDir : DATA_DIR;
}

/** A purge forgets what is to be released, too. */
function ensureNothingIsHeld({ host, surroundings, purge, force }: Uninstallation, dataDir: string): void {
  const directories = { surroundings, dataDirs: [host.mounted(dataDir)], bootId: surroundings.bootId() };
  const held = recordsIn(directories).reduce(
    (sum, { journal, outbox }) => sum + journal.entries().length + (purge ? outbox.toRelease().length : 0),
    0,
  );
  if (held === 0 || force) return;
  const containers = `${held} ${held === 1 ? 'container' : 'containers'}`;
  throw refusal(
    'pool.held',
    `${host.mounted(dataDir)} has the addresses of ${containers}${purge ? ', and of them only this node knows' : ', which the runtime cannot end without the plugin'}`,
    purge
      ? 'drain the node and run lessor reconcile first, or forget them with --force: they stay held until somebody declares the node dead'
      : 'delete their pods and run lessor reconcile first, or take the plugin away all the same with --force: such pods end once it is back',
  );
}
