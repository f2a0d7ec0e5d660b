/** The stack's functions, and the wire on which each has the rights of its role. */
import { startWire, type Wire } from '../aws/dynamodb-wire.ts';
import { type FunctionDefinition, type LocalFunction, localFunction } from '../aws/function.ts';
import { newAccessKeys } from '../aws/identities.ts';

export interface FunctionsOptions {
  readonly region: string;
  readonly account: string;
  /** Where DynamoDB Local is. */
  readonly dynamodb: string;
  /** Invocations that each function runs at once. */
  readonly environments: number;
}

export interface StackFunctions {
  readonly wire: Wire;
  /** @throws Error if no function has this name */
  named(name: string): LocalFunction;
}

/** `closing`: what ends is added to it as soon as it has begun. */
export async function startFunctions(
  definitions: readonly FunctionDefinition[],
  { region, account, dynamodb, environments }: FunctionsOptions,
  closing: (() => unknown)[],
): Promise<StackFunctions> {
  const withKeys = definitions.map((definition) => ({ definition, credentials: newAccessKeys() }));
  const principals = withKeys.map(({ definition, credentials: { accessKeyId } }) => ({ ...definition, accessKeyId }));
  const wire = await startWire({ region, account, target: dynamodb, principals });
  closing.push(() => wire.stop());
  const functions = new Map(
    withKeys.map(({ definition, credentials }) => {
      const surroundings = { region, dynamodb: wire.endpoint, credentials, environments };
      return [definition.name, localFunction(definition, surroundings)] as const;
    }),
  );
  closing.push(() => Promise.all([...functions.values()].map((fn) => fn.stop())));
  const named = (name: string): LocalFunction => {
    const found = functions.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}: ${[...functions.keys()].join(', ')}`);
    return found;
  };
  return { wire, named };
}
