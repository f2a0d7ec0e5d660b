/**
 * What is deployed: `npx cdk deploy`. Commit this file with your changes: what is not written here is not deployed. Every
 * field is in docs/construct.md, and docs/deploy.md says how to begin.
 */
import type { Settings } from './infra/settings.ts';

const settings: Settings = {
  // By the name of its stack. An account and Region may have several.
  Lessor: {
    // The roles of your nodes, by name: { 'my-node-role': { cluster: 'production' } }.
    nodeRoles: {},
  },
};

export default settings;
