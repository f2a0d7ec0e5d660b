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

/** In host-local's `dataDir`. Network names begin with a letter or digit, so host-local never has one of its own there. */
export const hiddenDataDir = (dataDir: string): string => `${dataDir}/.lessor`;

/** Beside the node configuration. */
export const INSTALLATION_RECORD = 'installed.json';

/** What is kept for all networks, in a data directory. */
export const inDataDir = (dataDir: string) => ({
  /** A directory for each network. */
  networks: `${dataDir}/networks`,
  drafts: `${dataDir}/drafts`,
  credentials: `${dataDir}/credentials.json`,
  outage: `${dataDir}/unreachable.json`,
  log: `${dataDir}/lessor.log`,
});

/** The log, the one before it, and the lock of whoever puts it aside. */
export const logFiles = (log: string) => ({ log, former: `${log}.1`, lock: `${log}.lock` });

export const networkDirectory = (dataDir: string, network: string): string =>
  `${inDataDir(dataDir).networks}/${network}`;

/** What is kept of one network, in its directory. */
export const inNetwork = (directory: string) => ({
  attachments: `${directory}/attachments`,
  journalId: `${directory}/attachments/.journal`,
  slots: `${directory}/slots`,
  reports: `${directory}/reports`,
  releases: `${directory}/releases`,
  leaving: `${directory}/leaving`,
  /** A directory for each boot. */
  givenBack: `${directory}/given-back`,
  pools: `${directory}/pools`,
  choices: `${directory}/choices.json`,
  verdict: `${directory}/status.json`,
  verdictLock: `${directory}/status.asking`,
});
