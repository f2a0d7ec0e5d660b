/** The functions of Lessor: each is a folder under functions/ with a handler.ts. */
export const functionNames = ['allocate', 'release', 'operate', 'reclaim', 'count'] as const;

export type LessorFunctionName = (typeof functionNames)[number];
