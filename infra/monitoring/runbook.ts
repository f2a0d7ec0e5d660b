/** Which page says what to do about an alarm. */

/** @param name of the page, without its ending */
export const runbookPath = (name: string): string => `docs/runbooks/${name}.md`;

/** An alarm's description, put together as cdk-monitoring-constructs does it. */
export const withRunbook = (description: string, name: string): string =>
  `${description} \r\nRunbook: ${runbookPath(name)}`;
