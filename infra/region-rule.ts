/** That what is given by its ARN is where the stack goes: AWS would refuse it minutes later, or leave an alarm without effect. */
import { Token } from 'aws-cdk-lib';
import { LessorError } from '../core/contract/problems.ts';
import type { LessorProps } from './lessor-props.ts';

/**
 * @param region where the stack goes; it is not looked at where CDK does not know it
 * @throws LessorError request.invalid that names the first prop whose ARN is of another Region
 */
export function checkRegion({ alarmTopic, encryptionKey, tables }: LessorProps, region: string, where: string): void {
  if (Token.isUnresolved(region)) return;
  const given = {
    alarmTopic,
    encryptionKey,
    'tables.pools': tables?.pools,
    'tables.leases': tables?.leases,
    'tables.leasesStreamArn': tables?.leasesStreamArn,
  };
  for (const [prop, arn] of Object.entries(given)) {
    if (typeof arn !== 'string' || Token.isUnresolved(arn) || !arn.startsWith('arn:')) continue;
    const [, , , of] = arn.split(':');
    if (of === region) continue;
    throw new LessorError('request.invalid', `${where}: ${prop} is "${arn}", and the stack goes to ${region}`, {
      remedy: `give one of ${region}, or change env.region`,
    });
  }
}
