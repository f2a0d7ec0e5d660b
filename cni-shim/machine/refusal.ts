import { LessorError, type ProblemCode } from '../../core/contract/problems.ts';
import { show } from './json.ts';

/** An error that names what is wrong (field and value) and what to do about it. */
export function refusal(code: ProblemCode, what: string, remedy: string, cause?: unknown): LessorError {
  return new LessorError(code, what, { remedy, cause });
}

/** With a code of the CNI specification's own (section 5) in place of the problem's. */
export class CniRefusal extends LessorError {
  readonly cni: number;

  constructor(cni: number, code: ProblemCode, what: string, remedy: string) {
    super(code, what, { remedy });
    this.cni = cni;
  }
}

/** In the very words of the reference library (containernetworking/cni, pkg/skel; plugins, host-local), which others match. */
export class ReferenceRefusal extends LessorError {}

/** Code 2: the message must hold the key and the value of the unsupported field. */
export const unsupportedField = (key: string, value: unknown, remedy: string): CniRefusal =>
  new CniRefusal(2, 'cni.configuration', `${key} ${show(value)} is not supported`, remedy);

/** Code 50: the plugin is not available, an ADD would fail. */
export const notReady = (why: string, remedy: string): CniRefusal =>
  new CniRefusal(50, 'service.unavailable', why, remedy);
