/** What every failed call must look like, whatever went wrong (CNI specification, section 5). */

export interface Ending {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr?: string;
}

const KEYS = 'cniVersion,code,details,msg';
/** The specification's and ours; 100 says that the plugin met what it did not expect. */
const isCode = (code: unknown): boolean =>
  typeof code === 'number' && ([1, 2, 3, 4, 5, 6, 7, 11, 50, 51].includes(code) || (code > 100 && code < 200));
/** Of V8 and of JavaScriptCore, and names of files with lines. */
const STACK = /^\s*at \S+|\bat .*\(.*:\d+:\d+\)|@.*:\d+:\d+|\.[cm]?[jt]s:\d+/m;

/** What is wrong with how a failed call ended; undefined where nothing is. */
export function complaint({ exitCode, stdout, stderr = '' }: Ending, cniVersion?: string): string | undefined {
  if (exitCode !== 1) return `exit code ${exitCode}`;
  if (stderr !== '') return `on stderr: ${stderr}`;
  if (stdout.trimEnd().split('\n').length !== 1) return `not one line: ${stdout}`;
  let object: Record<string, unknown>;
  try {
    object = JSON.parse(stdout) as Record<string, unknown>;
  } catch {
    return `no JSON: ${stdout}`;
  }
  const { code, msg, details } = object;
  if (Object.keys(object).sort().join() !== KEYS) return `other keys: ${stdout}`;
  if (typeof object.cniVersion !== 'string') return `no version: ${stdout}`;
  if (cniVersion !== undefined && object.cniVersion !== cniVersion) return `not the caller's version: ${stdout}`;
  if (!isCode(code)) return `code ${String(code)}: ${stdout}`;
  for (const text of [msg, details]) {
    if (typeof text !== 'string' || text === '') return `no text: ${stdout}`;
    if (text.length > 2000) return `${text.length} characters of text`;
    if (STACK.test(text)) return `a stack: ${text}`;
  }
  return undefined;
}
