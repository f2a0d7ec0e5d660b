import { LessorError } from '../../core/contract/problems.ts';

/** What the user gave is wrong, and nothing was changed. @param what names the option or the field, and its value */
export const wrong = (what: string, remedy: string, cause?: unknown): LessorError =>
  new LessorError('request.invalid', what, { remedy, cause });
