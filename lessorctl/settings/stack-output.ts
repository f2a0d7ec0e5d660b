/** The endpoint, as the deployment's CloudFormation stack has it. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { wrong } from './wrong.ts';

const OUTPUT = 'ApiEndpoint';

/** @throws LessorError `request.invalid` where there is no such stack, or it has no such output */
export async function endpointOfStack(stack: string, region: string, profile: string | undefined): Promise<string> {
  const client = new CloudFormationClient({ region, ...(profile === undefined ? {} : { profile }) });
  const [found] = await client.send(new DescribeStacksCommand({ StackName: stack })).then(
    ({ Stacks = [] }) => Stacks,
    (cause: Error) => {
      throw wrong(`stack ${stack} in ${region} cannot be read (${cause.message})`, 'give --endpoint instead', cause);
    },
  );
  const value = found?.Outputs?.find(({ OutputKey }) => OutputKey === OUTPUT)?.OutputValue;
  if (value === undefined)
    throw wrong(`stack ${stack} in ${region} has no output ${OUTPUT}`, 'is it the stack of Lessor?');
  return value;
}
