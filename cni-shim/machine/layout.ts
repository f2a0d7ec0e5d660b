/** Where on a host everything of ours lies: each path and each default directory, once. */

/** Below /var/lib; systemd's StateDirectory=. */
export const STATE_DIRECTORY = 'cni/lessor';
/** Where journal, state and log are, unless a configuration says otherwise. */
export const DATA_DIR = `/var/lib/${STATE_DIRECTORY}`;
export const NODE_FILE = '/etc/lessor/node.json';
/** Variables of the agent's unit. */
export const AGENT_ENVIRONMENT_FILE = '/etc/lessor/agent.env';
export const UNIT = 'lessor-agent.service';
export const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
/** Where runtimes look for network configurations. */
export const CONF_DIR = '/etc/cni/net.d';
/** Where they look for plugins: the specification's, and that of Debian's packages. */
export const BIN_DIRS = ['/opt/cni/bin', '/usr/lib/cni'] as const;
export const EXECUTABLE = 'lessor';
/** random(4) */
export const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
/** Of this machine and no other, whichever of them there is first: machine-id(5), the firmware's, the host's name. */
export const MACHINE_ID_FILES = [
  '/etc/machine-id',
  '/sys/class/dmi/id/product_uuid',
  '/proc/sys/kernel/hostname',
] as const;

/** In host-local's `dataDir`. Network names begin with a letter or digit, so host-local never has one of its own there. */
export const hiddenDataDir = (dataDir: string): string => `${dataDir}/.lessor`;

/** Beside the node configuration. */
export const INSTALLATION_RECORD = 'installed.json';

/** Follows the name of a machine's directory that was put aside with its damaged journal; then comes what tells the file from others. */
export const DAMAGED = '.damaged-';

/** Beside the directory of a machine's journal: to which lives the node said goodbye. */
export const goodbyeFile = (machineDirectory: string): string => `${machineDirectory}.goodbye`;

/** What is kept for all networks, in a data directory. */
export const inDataDir = (dataDir: string) => ({
  /** A directory for each machine: where a data directory is shared, each has a journal of its own. */
  machine: (id: string) => `${dataDir}/${id}`,
  journal: (id: string) => `${dataDir}/${id}/node.db`,
  credentials: `${dataDir}/credentials.json`,
  log: `${dataDir}/lessor.log`,
});

/** The log, the one before it, and the lock of whoever puts it aside. */
export const logFiles = (log: string) => ({ log, former: `${log}.1`, lock: `${log}.lock` });
