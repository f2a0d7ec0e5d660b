/** One Lambda function of Lessor: functions/<name>/handler.ts, bundled with its SDK, with a role and a log of its own. */
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

export class LessorFunction extends NodejsFunction {
  /** @param name its folder under functions/; the function is called `<stack>-<name>` */
  constructor(scope: Construct, name: string, { timeout = Duration.seconds(10) }: { timeout?: Duration } = {}) {
    const id = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of our own: the one CDK makes may write to every log group of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      functionName: `${Stack.of(scope).stackName}-${name}`,
      entry: `${ROOT}functions/${name}/handler.ts`,
      projectRoot: ROOT,
      depsLockFilePath: `${ROOT}package-lock.json`,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout,
      bundling: {
        format: OutputFormat.ESM,
        // Not Lambda's Node: the local stack runs the same bundle on whichever Node starts it.
        target: 'node20',
        bundleAwsSDK: true,
        mainFields: ['module', 'main'],
        // A minified bundle starts no faster (40 ms for 0.4 MB and for 1 MB), and its stack traces say nothing.
        minify: false,
        logLevel: LogLevel.WARNING,
      },
    });
    Validations.of(this).acknowledge(
      {
        id: 'Serverless-LambdaDLQ',
        reason:
          'The API waits for its answer, and what a lost event of the schedule would have done, the next one does',
      },
      {
        id: 'Serverless-LambdaTracing',
        reason: 'Tracing needs a right on every resource; the request id is in the access log, the log and the answer',
      },
    );
  }
}
