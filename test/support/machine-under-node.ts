/** This machine, with the SQLite that Node has. */
import { type Environment, machine, type Surroundings } from '../../cni-shim/machine/surroundings.ts';
import { libsqlDatabase } from './libsql-database.ts';

export const machineUnderNode = (env: Environment = {}): Surroundings => ({
  ...machine(env),
  openDatabase: libsqlDatabase,
});
