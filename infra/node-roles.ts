/** What the functions are told of the nodes' roles. */
import type { LessorProps, NodeRole } from './lessor-props.ts';

type NodeRoles = LessorProps['nodeRoles'];

const entries = (roles: NodeRoles): [string, NodeRole][] => (roles === 'none' ? [] : Object.entries(roles));

export const roleNames = (roles: NodeRoles): string[] => entries(roles).map(([name]) => name);

/** Names of the roles whose sessions are EC2 instances. */
export const instanceRoles = (roles: NodeRoles): string[] =>
  entries(roles)
    .filter(([, { sessions = 'instances' }]) => sessions === 'instances')
    .map(([name]) => name);

/** Each role that belongs to a cluster, with that cluster. */
export const roleClusters = (roles: NodeRoles): [role: string, cluster: string][] =>
  entries(roles).flatMap(([name, { cluster }]): [string, string][] => (cluster === undefined ? [] : [[name, cluster]]));
