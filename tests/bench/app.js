"use strict";
// A CDK app about as large as tapline's templates: 3 environments of 10 nested stacks, RESOURCES resources in each stack.
const cdk = require("aws-cdk-lib");
const { aws_sqs: sqs, aws_sns: sns, aws_logs: logs } = cdk;

const kinds = [
  (scope, id) => new sqs.CfnQueue(scope, id, { messageRetentionPeriod: 1209600, sqsManagedSseEnabled: true }),
  (scope, id) => new sns.CfnTopic(scope, id, { kmsMasterKeyId: "alias/aws/sns" }),
  (scope, id) => new logs.CfnLogGroup(scope, id, { retentionInDays: 30 }),
];

const app = new cdk.App();
for (let e = 1; e <= 3; e++) {
  const stack = new cdk.Stack(app, `Environment${e}`, { env: { account: String(e).repeat(12), region: "us-east-1" } });
  for (let s = 1; s <= 10; s++) {
    const service = new cdk.NestedStack(stack, `Service${s}`);
    for (let r = 1; r <= Number(process.env.RESOURCES); r++) kinds[r % kinds.length](service, `Resource${r}`);
    cdk.Tags.of(service).add("service", `service${s}`);
  }
}
