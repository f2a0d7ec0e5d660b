/** Puts the executable, the node configuration, the agent's unit and the network configuration on a host, in this order. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isObject, parseJson } from '../machine/json.ts';
import { EXECUTABLE, UNIT, UNIT_FILE } from '../machine/layout.ts';
import { refusal } from '../machine/refusal.ts';
import { agentUnit } from './agent-unit.ts';
import { type Conflist, conflistFrom } from './conflist.ts';
import { absolute, binDirOn, directoryOn, type Host } from './host.ts';
import { type NodeSettings, nodeFile } from './node-file.ts';
import { type Outcome, putCopy, putDirectory, putText, readIfThere, remove } from './put-file.ts';
import { type Installed, readRecord, recordBeside } from './record.ts';
import type { Systemd } from './systemd.ts';

export interface Installation {
  readonly host: Host;
  /** What is installed. */
  readonly executable: string;
  readonly binDir: string | undefined;
  readonly confDir: string;
  /** The node configuration's path on the host. */
  readonly config: string;
  readonly settings: NodeSettings;
  /** A file that this process sees, whose copy the runtime reads. */
  readonly conflist: string | undefined;
  /** Undefined where the agent gets no unit. */
  readonly systemd: Systemd | undefined;
  readonly dryRun: boolean;
}

export interface Step {
  readonly what: string;
  /** On the host. */
  readonly path?: string;
  readonly outcome: Outcome | 'enabled' | 'restarted' | 'started' | 'stopped';
}

/** Everything that can be found wrong is found before anything is changed. @throws LessorError */
export function install(installation: Installation): Step[] {
  const { host, executable, config, settings, systemd, dryRun, conflist: file } = installation;
  absolute('config', config);
  const binDir = binDirOn(host, installation.binDir);
  const path = join(binDir, EXECUTABLE);
  const conflist = file === undefined ? undefined : conflistFrom(file, readIfThere(file));
  const confDir = conflist && directoryOn(host, 'conf-dir', installation.confDir);
  const node = nodeFile(config, readIfThere(host.mounted(config)), settings);
  if (systemd !== undefined) absolute('data-dir', node.dataDir);
  const before = readRecord(host, config);
  const steps: Step[] = [];
  const done = (what: string, where: string, outcome: Outcome) => {
    steps.push({ what, path: where, outcome });
    return outcome;
  };
  const text = (what: string, where: string, content: string) =>
    done(what, where, putText(host.mounted(where), content, { mode: 0o644, dryRun }));

  const plugin = putCopy(executable, host.mounted(path), { mode: 0o755, dryRun }, answersVersion);
  const changes = [done('executable', path, plugin), text('node configuration', config, node.text)];
  const installed: Installed = {
    ...before,
    executable: path,
    ...(confDir && conflist ? { conflist: join(confDir, conflist.name) } : {}),
    ...(systemd ? { unit: UNIT_FILE } : {}),
  };
  // Before what it tells of: an installation that is cut off can be taken away as well.
  text('record', recordBeside(config), `${JSON.stringify(installed, undefined, 2)}\n`);
  if (systemd !== undefined) {
    // The unit does not start while what it may write is not there.
    done('data directory', node.dataDir, putDirectory(host.mounted(node.dataDir), { dryRun }));
    changes.push(text('unit', UNIT_FILE, agentUnit({ executable: path, config, dataDir: node.dataDir })));
    if (!dryRun) steps.push(...startAgent(systemd, changes));
  }
  if (conflist !== undefined && installed.conflist !== undefined)
    steps.push(...putConflist(installation, conflist, installed.conflist, before.conflist));
  return steps;
}

/** The copy is asked before it gets its name: a broken one replaces nothing. */
function answersVersion(copy: string): void {
  let answer: unknown;
  let cause: unknown;
  try {
    const stdout = execFileSync(copy, {
      env: { CNI_COMMAND: 'VERSION' },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    answer = parseJson(stdout);
  } catch (error) {
    cause = error;
  }
  if (isObject(answer) && Array.isArray(answer.supportedVersions)) return;
  const why = cause instanceof Error ? cause.message : 'it answered something else';
  const remedy = 'install the build for this processor and C library, on a file system from which programs may run';
  throw refusal('node.storage', `the copy ${copy} does not answer VERSION (${why})`, remedy, cause);
}

function startAgent(systemd: Systemd, changes: readonly Outcome[]): Step[] {
  if (!systemd.isThere) return [];
  if (systemd.runs) systemd.call('daemon-reload');
  systemd.call('enable', UNIT);
  const enabled: Step = { what: UNIT, outcome: 'enabled' };
  if (!systemd.runs) return [enabled];
  const verb = changes.every((outcome) => outcome === 'unchanged') ? 'start' : 'restart';
  systemd.call(verb, UNIT);
  return [enabled, { what: UNIT, outcome: verb === 'start' ? 'started' : 'restarted' }];
}

function putConflist(
  { host, dryRun }: Installation,
  { text }: Conflist,
  path: string,
  former: string | undefined,
): Step[] {
  const outcome = putText(host.mounted(path), text, { mode: 0o644, dryRun });
  const steps: Step[] = [{ what: 'network configuration', path, outcome }];
  // Under its former name it would be read beside the new one, or instead of it.
  if (former !== undefined && former !== path)
    steps.push({ what: 'network configuration', path: former, outcome: remove(host.mounted(former), { dryRun }) });
  return steps;
}
