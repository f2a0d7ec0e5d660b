import { LessorError, type ProblemCode } from '../core/contract/problems.ts';
import { show } from './fields.ts';

/** An error that names what is wrong (field and value) and what to do about it; a CNI error shows the two apart. */
export function refusal(code: ProblemCode, what: string, remedy: string, cause?: unknown): LessorError {
  return new LessorError(code, `${what}: ${remedy}`, { remedy }, cause);
}

/** CNI specification, section 5, code 2: the message must hold the key and the value of the unsupported field. */
export class UnsupportedField extends LessorError {
  readonly cni = 2;

  constructor(key: string, value: unknown, remedy: string) {
    super('cni.configuration', `${key} ${show(value)} is not supported: ${remedy}`, { remedy });
  }
}
