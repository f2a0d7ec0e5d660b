/** What attached tables may be: two tables, and the stream of the one with the leases. */
import { Token } from 'aws-cdk-lib';
import type { AttachedTables } from './lessor-props.ts';
import { both, fields, type PropRule, words, wrong } from './prop-rules.ts';

const table = words(
  /^([\w.-]{3,255}|arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255})$/,
  'give the name of a table, or its ARN',
);
const stream = words(
  /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+\/stream\/.+$/,
  "give the ARN of the leases table's stream",
);

/** Of a table, its ARN or its stream's. */
const nameOf = (text: string): string => text.replace(/^arn:.*:table\//, '').replace(/\/stream\/.*$/, '');

/** The stream of another table would be read without an error, and no lease be counted. */
const belongTogether: PropRule = (given) => {
  const { pools, leases, leasesStreamArn } = given as AttachedTables;
  if (Token.isUnresolved(leases)) return undefined;
  if (!Token.isUnresolved(pools) && nameOf(pools) === nameOf(leases))
    return wrong(leases, 'pools is the same table: give the one with the leases', 'leases');
  if (!Token.isUnresolved(leasesStreamArn) && nameOf(leasesStreamArn) !== nameOf(leases))
    return wrong(leasesStreamArn, `give the stream of the table leases, ${nameOf(leases)}`, 'leasesStreamArn');
  return undefined;
};

export const attachedTables = both(
  fields<AttachedTables>({ pools: table, leases: table, leasesStreamArn: stream }, { history: table }),
  belongTogether,
);
