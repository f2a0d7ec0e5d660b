/** Options that every command has, before its name or behind it. */
import { FORMATS } from '../print/outcome.ts';
import type { OptionOfCommand } from '../session/command.ts';

export const globalOptions = {
  output: {
    kind: 'value',
    value: 'FORMAT',
    short: 'o',
    choices: FORMATS,
    default: 'table',
    help: 'the form of the outcome',
  },
  vrf: {
    kind: 'value',
    value: 'NAME',
    of: 'vrf',
    help: 'the VRF (default: $LESSOR_VRF, the settings file, else default)',
  },
  endpoint: {
    kind: 'value',
    value: 'URL',
    help: 'the URL of the API (default: $LESSOR_ENDPOINT, else the settings file)',
  },
  stack: {
    kind: 'value',
    value: 'NAME',
    help: 'the CloudFormation stack whose output has the URL (default: $LESSOR_STACK, else the settings file)',
  },
  region: {
    kind: 'value',
    value: 'REGION',
    help: "the API's AWS Region (default: as its URL says, else as the AWS CLI has it)",
  },
  profile: { kind: 'value', value: 'NAME', help: 'the profile of the AWS configuration (default: $AWS_PROFILE)' },
  context: { kind: 'value', value: 'NAME', help: 'the context of the kubeconfig, and its part of the settings file' },
} as const satisfies Record<string, OptionOfCommand>;

export const watchOption = {
  watch: { kind: 'flag', short: 'w', help: 'show it again every 5 seconds, until interrupted' },
} as const satisfies Record<string, OptionOfCommand>;
