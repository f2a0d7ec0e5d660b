/** The application deployed into ministack, those who call it, and a node on which the compiled plugin is called. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { type Operator, operatorClient } from '../../local/demo/operator.ts';
import { type CniAnswer, type CniCall, callPlugin } from '../../local/nodes/cni-runtime.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import { STACK } from './assembly.ts';
import { type Aws, awsOf } from './aws.ts';
import { type Caller, type Callers, makeCallers, makeDeployer, makeRoles, runInstance } from './callers.ts';
import { type Cdk, cdkFor } from './cdk.ts';
import { type Ministack, startMinistack } from './ministack.ts';

export interface Account {
  readonly ministack: Ministack;
  readonly aws: Aws;
  /** Run by a user who may assume the roles of the bootstrap, and nothing else. */
  readonly cdk: Cdk;
  /** The node's, by its id. */
  readonly instance: string;
  /** For whatever the test writes. */
  readonly directory: string;
  close(): Promise<void>;
}

/** An account that `cdk bootstrap` has made ready, with the roles of nodes, operators and strangers. */
export async function openAccount(): Promise<Account> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-deployed-'));
  const ministack = await startMinistack(directory);
  const aws = awsOf(ministack);
  const close = async () => {
    aws.close();
    await ministack.stop();
    rmSync(directory, { recursive: true });
  };
  try {
    await makeRoles(aws, ministack);
    const cdk = cdkFor(ministack, await makeDeployer(aws, ministack), directory);
    await cdk.bootstrap(ministack.root);
    return { ministack, aws, cdk, instance: await runInstance(aws), directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export interface Deployment extends Callers {
  /** The API asked by one of the callers. */
  client(caller: Caller): Operator;
  /** Calls the plugin on the node. @param result of the ADD */
  call(verb: CniCall['verb'], configuration: CniCall['configuration'], containerId?: string): Promise<CniAnswer>;
  /** Physical ids of the stack's resources of such a type. */
  resources(type: string): Promise<readonly string[]>;
  stackStatus(): Promise<string>;
}

/** @param outputs of the first deployment: whoever calls must not need to look again after the next one */
export async function callDeployed(
  { ministack, aws, instance, directory }: Account,
  outputs: { readonly ApiEndpoint: string; readonly OperatorPolicyArn: string },
): Promise<Deployment> {
  // By a path, not by the host name in the output: no resolver here knows `*.localhost`.
  const [id] = new URL(outputs.ApiEndpoint).host.split('.');
  const endpointOf = (base: string) => `${base}/_aws/execute-api/${id}`;
  const callers = await makeCallers(aws, ministack, { operatorPolicy: outputs.OperatorPolicyArn, instance });
  const served = { region: ministack.region, endpoint: endpointOf(ministack.endpoint) };
  const { path: plugin } = await buildPlugin();
  const environment = {
    LESSOR_CONFIG: writeNodeFiles(join(directory, 'node'), served, callers.node),
    NODE_EXTRA_CA_CERTS: ministack.certificate,
  };
  const runtime = { plugin, cniDirectory: undefined, namespace: undefined, environment };
  return {
    ...callers,
    client: (caller) => operatorClient(endpointOf(ministack.plainEndpoint), ministack.region, caller),
    call: (verb, configuration, containerId) =>
      callPlugin(runtime, {
        verb,
        configuration,
        ...(containerId && { containerId, ifname: 'eth0', netns: `/var/run/netns/${containerId}` }),
      }),
    async resources(type) {
      const all: { ResourceType: string; PhysicalResourceId: string }[] = [];
      let NextToken: string | undefined;
      do {
        const page = await aws.ask('cloudformation', 'ListStackResources', {
          StackName: STACK,
          ...(NextToken && { NextToken }),
        });
        all.push(...page.StackResourceSummaries);
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return all.flatMap(({ ResourceType, PhysicalResourceId }) => (ResourceType === type ? [PhysicalResourceId] : []));
    },
    async stackStatus() {
      const { Stacks } = await aws.ask('cloudformation', 'DescribeStacks', { StackName: STACK });
      return Stacks[0].StackStatus;
    },
  };
}
