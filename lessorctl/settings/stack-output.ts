/** What the deployment's CloudFormation stack says of it: its outputs. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { wrong } from './wrong.ts';

const OUTPUT = 'ApiEndpoint';

/** By their names. @throws LessorError `request.invalid` where there is no such stack */
export async function outputsOfStack(
  stack: string,
  region: string,
  profile: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const client = new CloudFormationClient({ region, ...(profile === undefined ? {} : { profile }) });
  const [found] = await client.send(new DescribeStacksCommand({ StackName: stack })).then(
    ({ Stacks = [] }) => Stacks,
    (cause: Error) => {
      throw wrong(`stack ${stack} in ${region} cannot be read (${cause.message})`, 'give --endpoint instead', cause);
    },
  );
  return new Map((found?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** @throws LessorError `request.invalid` where there is no such stack, or it has no such output */
export async function endpointOfStack(stack: string, region: string, profile: string | undefined): Promise<string> {
  const value = (await outputsOfStack(stack, region, profile)).get(OUTPUT);
  if (value === undefined)
    throw wrong(`stack ${stack} in ${region} has no output ${OUTPUT}`, 'is it the stack of Lessor?');
  return value;
}
