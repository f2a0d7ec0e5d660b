/** CloudFormation's intrinsic functions, as far as Lessor's template uses them; any other is an error that says where it stands. */

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What a resource is once it exists: the value of Ref and those of Fn::GetAtt. */
interface Physical {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface StackParameters {
  readonly stack: string;
  readonly region: string;
  readonly account: string;
  /** Where the API answers: its ApiEndpoint. */
  readonly endpoint: string;
}

export type Resolve = (value: unknown, where: string) => unknown;

/** @returns a function that replaces the intrinsics in a property's value; it throws Error that names `where` */
export function resolver(resources: Readonly<Record<string, Resource>>, surroundings: StackParameters): Resolve {
  const pseudo: Record<string, string> = {
    'AWS::Partition': 'aws',
    'AWS::Region': surroundings.region,
    'AWS::AccountId': surroundings.account,
    'AWS::StackName': surroundings.stack,
  };

  const physical = (logicalId: string, where: string): Physical => {
    const resource = resources[logicalId];
    if (resource === undefined) throw new Error(`${where} refers to ${logicalId}, which is not in the template`);
    const made = PHYSICAL[resource.Type]?.(logicalId, surroundings, resource.Properties ?? {}, resolve);
    if (made === undefined) throw new Error(`${where} refers to ${logicalId} of type ${resource.Type}: ${NOT_KNOWN}`);
    return made;
  };

  const resolve: Resolve = (value, where) => {
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, `${where}[${index}]`));
    if (typeof value !== 'object' || value === null) return value;
    const [[key, argument] = ['', undefined], ...others] = Object.entries(value);
    if (others.length > 0 || (key !== 'Ref' && !key.startsWith('Fn::'))) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolve(item, `${where}.${name}`)]));
    }
    if (key === 'Ref' && typeof argument === 'string') return pseudo[argument] ?? physical(argument, where).ref;
    if (key === 'Fn::GetAtt' && isStrings(argument)) {
      const [logicalId = '', attribute = ''] = argument;
      const found = physical(logicalId, where).attributes[attribute];
      if (found !== undefined) return found;
    }
    const [first, second] = Array.isArray(argument) ? argument.map((one) => resolve(one, where)) : [];
    const made = OF_TEXT[key]?.(first, second);
    if (made !== undefined) return made;
    throw new Error(`${where} has the intrinsic ${JSON.stringify(value)}: ${NOT_KNOWN}`);
  };
  return resolve;
}

const NOT_KNOWN = 'the local stack cannot resolve that; teach it in local/stack/intrinsics.ts';

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Of two arguments; undefined where they are not what it takes. */
const OF_TEXT: Readonly<Record<string, (first: unknown, second: unknown) => unknown>> = {
  'Fn::Join': (between, parts) => (isStrings(parts) ? parts.join(String(between)) : undefined),
  'Fn::Split': (at, whole) => (typeof whole === 'string' ? whole.split(String(at)) : undefined),
  'Fn::Select': (index, parts) => (isStrings(parts) ? parts[Number(index)] : undefined),
};

type Make = (
  logicalId: string,
  surroundings: StackParameters,
  properties: Readonly<Record<string, unknown>>,
  resolve: Resolve,
) => Physical;

/** CloudFormation makes names of the stack's name, the logical id and random characters; here the first two do. */
const PHYSICAL: Readonly<Record<string, Make>> = {
  'AWS::DynamoDB::GlobalTable': (id, { stack, region, account }) => {
    const name = `${stack}-${id}`;
    const arn = `arn:aws:dynamodb:${region}:${account}:table/${name}`;
    return { ref: name, attributes: { Arn: arn, StreamArn: `${arn}/stream/local` } };
  },
  'AWS::Lambda::Function': (id, { stack, region, account }, { FunctionName = `${stack}-${id}` }) => {
    const name = String(FunctionName);
    return { ref: name, attributes: { Arn: `arn:aws:lambda:${region}:${account}:function:${name}` } };
  },
  'AWS::Lambda::Alias': (id, { region, account }, { FunctionName, Name }, resolve) => {
    const name = resolve(FunctionName, `${id}.FunctionName`);
    return { ref: `arn:aws:lambda:${region}:${account}:function:${name}:${Name}`, attributes: {} };
  },
  'AWS::IAM::Role': (id, { stack, account }) => {
    const name = `${stack}-${id}`;
    return { ref: name, attributes: { Arn: `arn:aws:iam::${account}:role/${name}` } };
  },
  'AWS::IAM::ManagedPolicy': (id, { stack, account }) => ({
    ref: `arn:aws:iam::${account}:policy/${stack}-${id}`,
    attributes: {},
  }),
  'AWS::Logs::LogGroup': (id, { stack, region, account }) => {
    const name = `${stack}-${id}`;
    return { ref: name, attributes: { Arn: `arn:aws:logs:${region}:${account}:log-group:${name}:*` } };
  },
  'AWS::SQS::Queue': (id, { stack, region, account }) => {
    const name = `${stack}-${id}`;
    const arn = `arn:aws:sqs:${region}:${account}:${name}`;
    return { ref: `https://sqs.${region}.amazonaws.com/${account}/${name}`, attributes: { Arn: arn, QueueName: name } };
  },
  'AWS::Events::EventBus': (id, { region, account }, { Name }, resolve) => {
    const name = String(resolve(Name, `${id}.Name`));
    return { ref: name, attributes: { Name: name, Arn: `arn:aws:events:${region}:${account}:event-bus/${name}` } };
  },
  'AWS::Events::Rule': (id, { stack, region, account }, { EventBusName }, resolve) => {
    const bus = EventBusName === undefined ? '' : `${resolve(EventBusName, `${id}.EventBusName`)}/`;
    const name = `${stack}-${id}`;
    return { ref: name, attributes: { Arn: `arn:aws:events:${region}:${account}:rule/${bus}${name}` } };
  },
  'AWS::ApiGatewayV2::Api': (id, { endpoint }) => ({ ref: id.toLowerCase(), attributes: { ApiEndpoint: endpoint } }),
  'AWS::ApiGatewayV2::Integration': (id) => ({ ref: id, attributes: {} }),
  // The root resource of a REST API has its id.
  'AWS::ApiGateway::RestApi': (id) => ({ ref: id.toLowerCase(), attributes: { RootResourceId: id.toLowerCase() } }),
  'AWS::ApiGateway::Resource': (id) => ({ ref: id, attributes: {} }),
  'AWS::ApiGateway::Deployment': (id) => ({ ref: id, attributes: {} }),
  'AWS::ApiGateway::Stage': (_, __, { StageName }) => ({ ref: String(StageName), attributes: {} }),
};
