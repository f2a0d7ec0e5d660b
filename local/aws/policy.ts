/** Decides as IAM does, over the statements that Lessor's template has: no principals, no negations, and one condition. */

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Partition keys of DynamoDB (`dynamodb:LeadingKeys`): it is about requests for these only. */
  readonly leadingKeys?: readonly string[];
}

/**
 * An explicit Deny wins; what nobody allows is denied.
 * @param leadingKey the partition key that the request is for
 */
export function permits(
  statements: readonly Statement[],
  action: string,
  resource: string,
  leadingKey?: string,
): boolean {
  const matching = statements.filter(
    ({ actions, resources, leadingKeys }) =>
      (leadingKeys === undefined || (leadingKey !== undefined && leadingKeys.includes(leadingKey))) &&
      // Actions ignore case, resources do not (IAM JSON policy elements: Action, Resource).
      actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
      resources.some((pattern) => matches(pattern, resource)),
  );
  return matching.length > 0 && matching.every(({ effect }) => effect === 'Allow');
}

/** `*` stands for any characters, `/` and `:` among them, `?` for any one. */
function matches(pattern: string, value: string): boolean {
  const source = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
}
