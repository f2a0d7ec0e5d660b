/** What the page asks first, and the process begins to ask before: the pools, and how full they are. */
export const firstQuestion = (vrf: string) => ({ query: { vrf, limit: '100', held: 'true' as const } });
