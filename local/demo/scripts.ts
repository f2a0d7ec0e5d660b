/** Scripts with which a person tries the running stack by hand: `cni` calls the plugin, `lessorctl` and `api` ask as an operator. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CniRuntime } from '../nodes/cni-runtime.ts';
import type { LocalStack } from '../stack/stack.ts';
import { demoNetwork } from './demo-network.ts';

export function writeScripts(directory: string, stack: LocalStack, { plugin, environment }: CniRuntime): void {
  const files = {
    'operator.curl': curlConfiguration(stack),
    'network.json': `${JSON.stringify(demoNetwork, null, 2)}\n`,
    cni: cniScript(directory, plugin, environment),
    lessorctl: lessorctlScript(stack),
    api: `#!/bin/sh
# sh api PATH [options of curl]
path=$1; shift
exec curl --config ${quoted(join(directory, 'operator.curl'))} "$@" ${quoted(stack.endpoint)}"$path"
`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o600 });
}

function cniScript(directory: string, plugin: string, environment: CniRuntime['environment']): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  return `#!/bin/sh
# sh cni ADD|DEL|CHECK CONTAINER [CONFIGURATION]
export ${variables.join(' ')} CNI_COMMAND="$1" CNI_CONTAINERID="$2" CNI_IFNAME=eth0
export CNI_NETNS="/var/run/netns/$2" CNI_PATH=/usr/lib/cni
exec ${quoted(plugin)} < "\${3:-${join(directory, 'network.json')}}"
`;
}

/** Of the project's sources, wherever it is called. */
function lessorctlScript({ endpoint, region, operator }: LocalStack): string {
  const variables = {
    LESSOR_ENDPOINT: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    AWS_SESSION_TOKEN: operator.sessionToken ?? '',
  };
  const main = fileURLToPath(new URL('../../lessorctl/main.ts', import.meta.url));
  return `#!/bin/sh
# sh lessorctl COMMAND
export ${Object.entries(variables)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(' ')}
exec ${quoted(process.execPath)} --import ${quoted(import.meta.resolve('tsx'))} ${quoted(main)} "$@"
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** So that no credential is on a command line. */
function curlConfiguration({ operator, region }: LocalStack): string {
  const lines = [
    'silent',
    'show-error',
    'write-out = "\\n"',
    `aws-sigv4 = "aws:amz:${region}:execute-api"`,
    `user = "${operator.accessKeyId}:${operator.secretAccessKey}"`,
  ];
  if (operator.sessionToken !== undefined) lines.push(`header = "x-amz-security-token: ${operator.sessionToken}"`);
  return `${lines.join('\n')}\n`;
}
