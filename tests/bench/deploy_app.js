"use strict";
// A CDK app that deploys the templates in the folder TEMPLATES as they are: a root, and nested stacks named after their files.
const fs = require("fs");
const path = require("path");
const cdk = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");

const file = (name) => path.join(process.env.TEMPLATES, `${name}.json`);
const { Resources } = JSON.parse(fs.readFileSync(file("root")));
const loadNestedStacks = Object.fromEntries(Object.keys(Resources).map((id) => [id, { templateFile: file(id.toLowerCase()) }]));

const stack = new cdk.Stack(new cdk.App(), "bench", { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: "us-east-1" } });
new CfnInclude(stack, "Root", { templateFile: file("root"), loadNestedStacks });
