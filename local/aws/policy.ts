/** Decides as IAM does, over the statements that Lessor's template has: no conditions, no principals, no negations. */

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** An explicit Deny wins; what nobody allows is denied. */
export function permits(statements: readonly Statement[], action: string, resource: string): boolean {
  const matching = statements.filter(
    ({ actions, resources }) =>
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
