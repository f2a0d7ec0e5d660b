/** Which commands there are. What a command needs is loaded when it is called: `help` loads none of them. */
import type { ControlCommand } from '../session/command.ts';
import type { Group } from './command-entry.ts';

// biome-ignore lint/suspicious/noExplicitAny: each command has values of its own, which its options and arguments make
const the = (one: any): ControlCommand => one as ControlCommand;

export const groups: readonly Group[] = [
  {
    heading: 'Look:',
    commands: [
      {
        name: 'vrfs',
        summary: 'lists the VRFs that have pools',
        load: async () => the((await import('../commands/vrfs.ts')).vrfs),
      },
      {
        name: 'pools',
        summary: 'lists the pools of a VRF, and how full they are',
        load: async () => the((await import('../commands/pools.ts')).pools),
      },
      {
        name: 'pool',
        summary: 'shows a pool, makes, changes, drains and deletes one',
        default: 'show',
        commands: [
          {
            name: 'show',
            summary: 'shows a pool: its use, its policy, who changed it last (as pool NAME does)',
            load: async () => the((await import('../commands/pool-show.ts')).poolShow),
          },
          {
            name: 'create',
            summary: 'makes a pool',
            load: async () => the((await import('../commands/pool-change.ts')).poolCreate),
          },
          {
            name: 'grow',
            summary: 'adds subnets to a pool',
            load: async () => the((await import('../commands/pool-change.ts')).poolGrow),
          },
          {
            name: 'set',
            summary: 'changes the policy of a pool',
            load: async () => the((await import('../commands/pool-change.ts')).poolSet),
          },
          {
            name: 'drain',
            summary: 'lets a pool give no new lease',
            load: async () => the((await import('../commands/pool-end.ts')).poolDrain),
          },
          {
            name: 'delete',
            summary: 'deletes a pool that holds no lease',
            load: async () => the((await import('../commands/pool-end.ts')).poolDelete),
          },
        ],
      },
      {
        name: 'blocks',
        summary: 'lists which node has which block',
        load: async () => the((await import('../commands/blocks.ts')).blocks),
      },
      {
        name: 'block',
        summary: 'takes a block back from its node',
        commands: [
          {
            name: 'release',
            summary: 'takes a block back that its node does not use',
            load: async () => the((await import('../commands/block-release.ts')).blockRelease),
          },
        ],
      },
      {
        name: 'routes',
        summary: 'says which block is reached by which node, as commands on request',
        load: async () => the((await import('../commands/routes.ts')).routes),
      },
      {
        name: 'nodes',
        summary: 'lists the nodes, and when they were heard of',
        load: async () => the((await import('../commands/nodes.ts')).nodes),
      },
      {
        name: 'node',
        summary: 'shows a node, declares one dead, lets one leave',
        default: 'show',
        commands: [
          {
            name: 'show',
            summary: 'shows a node: its life, its blocks (as node ID does)',
            load: async () => the((await import('../commands/nodes.ts')).node),
          },
          {
            name: 'declare-dead',
            summary: 'declares that nodes are dead: what they had is freed',
            load: async () => the((await import('../commands/declare-dead.ts')).declareDead),
          },
          {
            name: 'leave',
            summary: 'takes a drained node out of service: it gives back what it has',
            load: async () => the((await import('../commands/node-leave.ts')).nodeLeave),
          },
        ],
      },
      {
        name: 'leases',
        summary: 'lists leases by pool, node, namespace or pod',
        load: async () => the((await import('../commands/leases.ts')).leases),
      },
      {
        name: 'who',
        summary: 'says who has an address, or had it at a time',
        load: async () => the((await import('../commands/who.ts')).who),
      },
      {
        name: 'history',
        summary: 'lists who had an address, and what a pod or a node had',
        commands: [
          {
            name: 'address',
            summary: 'lists who had an address',
            load: async () => the((await import('../commands/history.ts')).historyOfAddress),
          },
          {
            name: 'pod',
            summary: 'lists what a pod had, or the pods of a namespace',
            load: async () => the((await import('../commands/history.ts')).historyOfPod),
          },
          {
            name: 'node',
            summary: 'lists what a node had',
            load: async () => the((await import('../commands/history.ts')).historyOfNode),
          },
        ],
      },
      {
        name: 'audit',
        summary: 'lists who changed which pool, and declared which death',
        load: async () => the((await import('../commands/audit.ts')).audit),
      },
      {
        name: 'deaths',
        summary: 'lists the nodes that were declared dead',
        load: async () => the((await import('../commands/audit.ts')).deaths),
      },
      {
        name: 'silence',
        summary: 'says which nodes silence would declare dead, if it were evidence',
        load: async () => the((await import('../commands/silence.ts')).silence),
      },
      {
        name: 'usage',
        summary: 'counts how full a pool is, or all of them',
        load: async () => the((await import('../commands/usage.ts')).usage),
      },
      {
        name: 'forecast',
        summary: 'foresees when pools will be full',
        load: async () => the((await import('../commands/forecast.ts')).forecast),
      },
      {
        name: 'top',
        summary: 'shows the fullest pools, live',
        load: async () => the((await import('../commands/top.ts')).top),
      },
      {
        name: 'ui',
        summary: 'opens the console: a page on this machine',
        load: async () => the((await import('../commands/ui.ts')).ui),
      },
    ],
  },
  {
    heading: 'Explain:',
    commands: [
      {
        name: 'explain',
        summary: 'says why a pod gets an address, or none',
        commands: [
          {
            name: 'pod',
            summary: 'says why a pod gets an address, or none',
            load: async () => the((await import('../commands/explain.ts')).explainPod),
          },
        ],
      },
    ],
  },
  {
    heading: 'Plan:',
    commands: [
      {
        name: 'plan',
        summary: 'says how large a pool has to be, and where it could lie',
        load: async () => the((await import('../commands/plan.ts')).plan),
      },
    ],
  },
  {
    heading: 'Change:',
    commands: [
      {
        name: 'reserve',
        summary: 'keeps addresses of a pool for some pods',
        load: async () => the((await import('../commands/reserve.ts')).reserve),
      },
      {
        name: 'quota',
        summary: 'shows and changes how many leases namespaces may hold',
        load: async () => the((await import('../commands/reserve.ts')).quota),
      },
      {
        name: 'apply',
        summary: 'makes pools as files have them',
        load: async () => the((await import('../commands/apply.ts')).apply),
      },
      {
        name: 'diff',
        summary: 'says how the pools differ from files',
        load: async () => the((await import('../commands/apply.ts')).diff),
      },
      {
        name: 'export',
        summary: 'writes the pools as apply takes them',
        load: async () => the((await import('../commands/apply.ts')).exported),
      },
      {
        name: 'import',
        summary: 'makes leases of the addresses that another IPAM gave to pods',
        load: async () => the((await import('../commands/import.ts')).imported),
      },
    ],
  },
  {
    heading: 'Check:',
    commands: [
      {
        name: 'check',
        summary: 'says what does not fit together: leaks, doubles, dead nodes',
        load: async () => the((await import('../commands/check.ts')).check),
      },
      {
        name: 'support-bundle',
        summary: 'writes what helps others to help you, without secrets',
        load: async () => the((await import('../commands/support-bundle.ts')).supportBundle),
      },
    ],
  },
  {
    heading: 'Back up:',
    commands: [
      {
        name: 'backup',
        summary: 'backs up both tables, and the pools',
        load: async () => the((await import('../commands/backup.ts')).backup),
      },
      {
        name: 'backups',
        summary: 'lists the backups, and how far back each second is kept',
        load: async () => the((await import('../commands/backup.ts')).backups),
      },
      {
        name: 'restore',
        summary: 'restores both tables, while no pod gets an address twice',
        load: async () => the((await import('../commands/restore.ts')).restore),
      },
    ],
  },
  {
    heading: 'Shell:',
    commands: [
      {
        name: 'completion',
        summary: 'writes the script with which a shell completes what is typed',
        load: async () => the((await import('../commands/completion.ts')).completion),
      },
    ],
  },
];
