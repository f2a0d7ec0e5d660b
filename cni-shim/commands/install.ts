/** `lessor install` and `lessor uninstall`. */
import { sampleConflist } from '../install/conflist.ts';
import { hostAt } from '../install/host.ts';
import { install, type Step } from '../install/install.ts';
import { labelsFrom } from '../install/node-file.ts';
import { systemdOf } from '../install/systemd.ts';
import { uninstall } from '../install/uninstall.ts';
import { BIN_DIRS, CONF_DIR, DATA_DIR, NODE_FILE } from '../machine/layout.ts';
import { refusal } from '../machine/refusal.ts';
import { type Calling, command, type Options } from './command.ts';
import { jsonOption } from './options.ts';
import { table } from './table.ts';

const hostOptions = {
  root: {
    kind: 'value',
    value: 'DIR',
    default: '/',
    help: "where the host's root is mounted; all other directories are the host's",
  },
  'bin-dir': {
    kind: 'value',
    value: 'DIR',
    help: `where the runtime looks for CNI plugins (default: ${BIN_DIRS.join(', else ')})`,
  },
  'conf-dir': {
    kind: 'value',
    value: 'DIR',
    default: CONF_DIR,
    help: 'where the runtime looks for network configurations',
  },
  config: { kind: 'value', value: 'FILE', default: NODE_FILE, help: 'the node configuration' },
} as const satisfies Options;

const dryRunOption = {
  'dry-run': { kind: 'flag', help: 'change nothing: show what would be' },
} as const satisfies Options;

export const installation = command({
  about: `Copies this executable to where the runtime looks for CNI plugins, asks the copy for its versions, and only then gives
it its name; writes the node configuration, in which everything stays that is not given here; with --conflist, last, the
network configuration with which the node counts as ready. A second time it changes nothing. Each file is replaced in one
step, so it may run while containers start.`,
  options: {
    ...hostOptions,
    endpoint: { kind: 'value', value: 'URL', help: 'of the API' },
    region: { kind: 'value', value: 'REGION', help: "where the endpoint's name does not tell it" },
    'data-dir': { kind: 'value', value: 'DIR', help: `where journal and state are (default: ${DATA_DIR})` },
    'log-file': {
      kind: 'value',
      value: 'FILE',
      help: 'where calls are written down (default: lessor.log in --data-dir)',
    },
    label: {
      kind: 'value',
      value: 'KEY=VALUE',
      several: true,
      help: 'a label of the node, by which pools may be chosen',
    },
    profile: { kind: 'value', value: 'NAME', help: 'of the shared AWS files, where the node has no instance role' },
    'credentials-file': { kind: 'value', value: 'FILE', help: 'other shared AWS files than the usual ones' },
    conflist: { kind: 'value', value: 'FILE', help: 'a network configuration, copied to --conf-dir under its name' },
    systemd: { kind: 'flag', help: 'the agent as a unit of systemd, enabled and started' },
    ...dryRunOption,
    ...jsonOption,
  },
  async run(values, { surroundings, terminal }) {
    const { root, systemd, 'dry-run': dryRun, json, conflist } = values;
    const host = hostAt(root);
    const steps = install({
      host,
      executable: ownExecutable(),
      binDir: values['bin-dir'],
      confDir: values['conf-dir'],
      config: values.config,
      settings: {
        endpoint: values.endpoint,
        region: values.region,
        dataDir: values['data-dir'],
        logFile: values['log-file'],
        profile: values.profile,
        credentialsFile: values['credentials-file'],
        labels: labelsFrom(values.label),
      },
      conflist,
      systemd: systemd ? systemdOf(root, surroundings.env) : undefined,
      dryRun,
    });
    show(terminal, steps, { dryRun, json });
    if (conflist === undefined && !json)
      terminal.print(
        `\nA network configuration for ${values['conf-dir']}, in which the service chooses the pool:\n\n${sampleConflist}`,
      );
    return 0;
  },
});

export const uninstallation = command({
  about: `Takes away what lessor install put there, the network configuration first. Refuses while a container has an address
here, since a runtime cannot end it without the plugin: drain the node before.`,
  options: {
    ...hostOptions,
    conflist: { kind: 'value', value: 'NAME', help: 'a network configuration in --conf-dir that was not installed so' },
    purge: { kind: 'flag', help: 'the node configuration, the journal and the log too' },
    force: { kind: 'flag', help: 'even where containers have addresses' },
    ...dryRunOption,
    ...jsonOption,
  },
  async run(values, { surroundings, terminal }) {
    const { root, purge, force, 'dry-run': dryRun, json, conflist, config } = values;
    const host = hostAt(root);
    const systemd = systemdOf(root, surroundings.env);
    const where = { binDir: values['bin-dir'], confDir: values['conf-dir'], config, conflist };
    show(terminal, uninstall({ host, surroundings, ...where, systemd, purge, force, dryRun }), { dryRun, json });
    return 0;
  },
});

function show(
  terminal: Calling['terminal'],
  steps: readonly Step[],
  { dryRun, json }: { dryRun: boolean; json: boolean },
) {
  if (json) return terminal.print(`${JSON.stringify({ dryRun, steps }, undefined, 2)}\n`);
  const rows = steps.map(({ what, path, outcome }) => [
    dryRun && changes(outcome) ? `would be ${outcome}` : outcome,
    what,
    path ?? '',
  ]);
  terminal.print(`${table(rows)}\n`);
}

const changes = (outcome: Step['outcome']): boolean => outcome !== 'unchanged' && outcome !== 'absent';

/** @throws LessorError `node.configuration` where the source runs in an interpreter */
function ownExecutable(): string {
  // Where the compiled executable keeps its script.
  if (process.argv[1]?.startsWith('/$bunfs/')) return process.execPath;
  throw refusal('node.configuration', `${process.execPath} is not the executable lessor`, 'build it: npm run build');
}
