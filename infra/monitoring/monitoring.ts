/** What tells of trouble: alarms, of which each has a page, and one dashboard. */
import { Stack } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import {
  type AlarmFactory,
  DefaultDashboardFactory,
  MonitoringFacade,
  SnsAlarmActionStrategy,
} from 'cdk-monitoring-constructs';
import { Construct } from 'constructs';
import { type Alarm, alarms } from './alarms.ts';
import { showOn } from './dashboard.ts';
import { runbookPath } from './runbook.ts';
import type { Watched } from './watched.ts';

export interface MonitoringProps extends Watched {
  /** Told when an alarm goes off, and when it is over. */
  readonly topic: ITopic | undefined;
  readonly dashboard: boolean;
}

export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { topic, dashboard, ...watched }: MonitoringProps) {
    super(scope, id);
    const { deployment } = watched;
    const action = topic && new SnsAlarmActionStrategy({ onAlarmTopic: topic, onOkTopic: topic });
    const facade = new MonitoringFacade(this, 'Facade', {
      alarmFactoryDefaults: { alarmNamePrefix: deployment, actionsEnabled: true, ...(action && { action }) },
      dashboardFactory: new DefaultDashboardFactory(this, 'Dashboards', {
        // The Regions of an account share the names of its dashboards.
        dashboardNamePrefix: `${deployment}-${Stack.of(scope).region}`,
        createDashboard: dashboard,
        createSummaryDashboard: false,
        createAlarmDashboard: false,
      }),
    });
    const factory = facade.createAlarmFactory(deployment);
    for (const alarm of alarms(watched)) add(factory, deployment, alarm);
    if (dashboard) showOn(facade, watched);
  }
}

function add(factory: AlarmFactory, deployment: string, alarm: Alarm): void {
  const { name, of, why, metric, threshold, isBelow, missing, periods: [breaching, all] = [1, 1] } = alarm;
  factory.addAlarm(metric, {
    alarmNameOverride: [deployment, name, of].filter(Boolean).join('-'),
    alarmNameSuffix: name,
    alarmDescription: why,
    runbookLink: runbookPath(name),
    threshold,
    comparisonOperator: isBelow
      ? ComparisonOperator.LESS_THAN_THRESHOLD
      : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    datapointsToAlarm: breaching,
    evaluationPeriods: all,
    treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
  });
}
