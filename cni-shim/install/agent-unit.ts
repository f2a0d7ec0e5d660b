/** The systemd unit of the agent; deploy/systemd/lessor-agent.service is the one of the usual paths. */
import { AGENT_ENVIRONMENT_FILE, DATA_DIR, NODE_FILE, STATE_DIRECTORY } from '../machine/layout.ts';

export interface UnitPaths {
  readonly executable: string;
  /** The node configuration. */
  readonly config: string;
  readonly dataDir: string;
}

export const agentUnit = ({ executable, config, dataDir }: UnitPaths): string => `[Unit]
Description=Lessor agent: frees addresses of containers that ended without a DEL
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
# %H, the host's name, is what the service shows beside the node's identity.
Environment=NODE_NAME=%H
# AWS_… and proxies, for hosts that need them.
EnvironmentFile=-${AGENT_ENVIRONMENT_FILE}
ExecStart=${executable} agent${config === NODE_FILE ? '' : ` --config ${config}`}
Restart=always
RestartSec=5
TimeoutStopSec=30
MemoryMax=256M

# A network with a dataDir of its own: add ReadWritePaths= in a drop-in.
${dataDir === DATA_DIR ? '' : `ReadWritePaths=${dataDir}\n`}StateDirectory=${STATE_DIRECTORY}
StateDirectoryMode=0700
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes

# To see in which network namespace a process of another user is; no other capability.
CapabilityBoundingSet=CAP_SYS_PTRACE
NoNewPrivileges=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077

[Install]
WantedBy=multi-user.target
`;
