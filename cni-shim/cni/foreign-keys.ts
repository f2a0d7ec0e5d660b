/**
 * Keys of other IPAM plugins' configurations, and what to write here. As they read them: whereabouts pkg/types/types.go, static
 * plugins/ipam/static/main.go, Spiderpool cmd/spiderpool/cmd/cni_types.go, nv-ipam pkg/cni/types/types.go.
 */

const of = (plugins: string, remedy: string, ...keys: readonly string[]): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [key.toLowerCase(), `${remedy} (a key of ${plugins})`]));

const SERVICE = 'leave it out, since the node configuration says where the service is';
const LOG = 'leave it out, since the node configuration has "logFile"';
const SUBNET = 'write "subnet": "10.1.0.0/16", and "rangeStart" and "rangeEnd" for a part of it';

/** Of a range. Made when it is asked for: few configurations have such keys. */
export const foreignRangeKeys = (): Readonly<Record<string, string>> => ({
  ...of('whereabouts', SUBNET, 'range'),
  ...of('whereabouts', 'write "rangeStart"', 'range_start'),
  ...of('whereabouts', 'write "rangeEnd"', 'range_end'),
  exclude: 'write it into ipam itself, beside "ranges"',
});

/** Of the `ipam` section. */
export function foreignKeys(): Readonly<Record<string, string>> {
  const { exclude: _, ...rangeKeys } = foreignRangeKeys();
  return { ...rangeKeys, ...ofWhereabouts(), ...ofOthers() };
}

const ofWhereabouts = (): Record<string, string> => ({
  ...of('whereabouts', 'write "ranges": [[{"subnet": "10.1.0.0/16"}], [{"subnet": "fd00:1::/64"}]]', 'ipRanges'),
  ...of('whereabouts', 'write "vrf" for addresses that others have too', 'network_name', 'enable_overlapping_ranges'),
  ...of(
    'whereabouts',
    'leave it out, and name as "pool" one whose blocks belong to nodes (affinity "node")',
    'node_slice_size',
    'fast_ipam',
  ),
  ...of(
    'whereabouts',
    'leave it out, since there is no leader and no lock to wait for',
    'leader_lease_duration',
    'leader_renew_deadline',
    'leader_retry_period',
    'sleep_for_race',
  ),
  ...of('whereabouts', 'leave it out, since the agent frees what is left over', 'reconciler_cron_expression'),
  ...of(
    'whereabouts',
    SERVICE,
    'datastore',
    'etcd_host',
    'etcd_username',
    'etcd_password',
    'etcd_key_file',
    'etcd_cert_file',
    'etcd_ca_cert_file',
    'kubernetes',
    'configuration_path',
  ),
  ...of('whereabouts', LOG, 'log_file'),
});

const ofOthers = (): Record<string, string> => ({
  ...of(
    'static and whereabouts',
    'write "subnet" with "gateway", and ask for a certain address by "runtimeConfig": {"ips": [...]} (the capability "ips") or "args": {"cni": {"ips": [...]}}',
    'addresses',
  ),
  ...of(
    'static and whereabouts',
    'write "resolvConf", the path of a file with nameserver, search and options lines',
    'dns',
  ),
  ...of(
    'Spiderpool',
    'write "pool", or "pools" in the order in which they are tried; a pool has a range set of each family',
    'ippool',
    'ippools',
    'default_ipv4_ippool',
    'default_ipv6_ippool',
  ),
  ...of('Spiderpool', 'leave it out: the container gets the routes in "routes"', 'clean_gateway'),
  ...of('Spiderpool', 'leave it out, and name the pool of that subnet as "pool"', 'match_master_subnet'),
  ...of('Spiderpool', SERVICE, 'ipam_unix_socket_path'),
  ...of('Spiderpool', LOG, 'log_file_path', 'log_file_max_size', 'log_file_max_age', 'log_file_max_count'),
  ...of('whereabouts and Spiderpool', LOG, 'log_level'),
  ...of('nv-ipam', 'write "pool"; a pool has a range set for each address of a container', 'poolName'),
  ...of(
    'nv-ipam',
    'leave it out, since a pool says itself whether its blocks belong to nodes',
    'poolType',
    'forcePoolName',
  ),
  ...of('nv-ipam', SERVICE, 'daemonSocket', 'daemonCallTimeoutSeconds', 'confDir', 'kubeconfig'),
  ...of('nv-ipam', LOG, 'logFile', 'logLevel'),
});
