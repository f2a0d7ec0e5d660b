/** The functions of Lessor: each is a folder under functions/ with a handler.ts. */
export const functionNames = ['allocate', 'release', 'operate', 'reclaim', 'changes'] as const;

export type LessorFunctionName = (typeof functionNames)[number];

/** The function behind pools that templates declare. It is there only where one does. */
export const DEFINE_POOLS = 'define-pools';

/** The function that collects evidence of nodes that are gone. It is there where nodes are EC2 instances. */
export const EVIDENCE = 'evidence';

/** What each bundle is made of. */
export const bundleNames = [...functionNames, EVIDENCE, DEFINE_POOLS] as const;

export type BundleName = (typeof bundleNames)[number];
