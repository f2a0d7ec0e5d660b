/** What attached tables may be: two tables, and their streams. */
import { Token } from 'aws-cdk-lib';
import type { AttachedTables } from './lessor-props.ts';
import { both, fields, type PropRule, words, wrong } from './prop-rules.ts';

const table = words(
  /^([\w.-]{3,255}|arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255})$/,
  'give the name of a table, or its ARN',
);
const streamOf = (which: string) =>
  words(
    /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+\/stream\/.+$/,
    `give the ARN of the ${which} table's stream`,
  );

/** Of a table, its ARN or its stream's. */
const nameOf = (text: string): string => text.replace(/^arn:.*:table\//, '').replace(/\/stream\/.*$/, '');

/** The stream of another table would be read without an error, and no lease be counted. */
const belongTogether: PropRule = (given) => {
  const { pools, leases, leasesStreamArn, poolsStreamArn = '' } = given as AttachedTables;
  const isOther = (arn: string, table: string) => !Token.isUnresolved(arn) && nameOf(arn) !== nameOf(table);
  if (poolsStreamArn !== '' && !Token.isUnresolved(pools) && isOther(poolsStreamArn, pools))
    return wrong(poolsStreamArn, `give the stream of the table pools, ${nameOf(pools)}`, 'poolsStreamArn');
  if (Token.isUnresolved(leases)) return undefined;
  if (!Token.isUnresolved(pools) && nameOf(pools) === nameOf(leases))
    return wrong(leases, 'pools is the same table: give the one with the leases', 'leases');
  if (isOther(leasesStreamArn, leases))
    return wrong(leasesStreamArn, `give the stream of the table leases, ${nameOf(leases)}`, 'leasesStreamArn');
  return undefined;
};

export const attachedTables = both(
  fields<AttachedTables>(
    { pools: table, leases: table, leasesStreamArn: streamOf('leases') },
    { poolsStreamArn: streamOf('pools'), history: table },
  ),
  belongTogether,
);
