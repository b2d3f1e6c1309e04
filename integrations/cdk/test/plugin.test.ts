/** The plugin in the real CDK, with the real command. COPILOT_PREFLIGHT names it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { App, Stack, Validations, aws_ecs as ecs, aws_iam as iam } from 'aws-cdk-lib';
import { CopilotPreflight, CopilotPreflightProps } from '../src';

const COMMAND = process.env.COPILOT_PREFLIGHT?.split(' ') ?? ['copilot-preflight'];

let outdir: string;

beforeEach(() => {
  outdir = mkdtempSync(path.join(tmpdir(), 'cdk-'));
});

afterEach(() => {
  rmSync(outdir, { recursive: true, force: true });
});

/** A service whose execution role may read its environment file, or another version of it. */
function stack(app: App, granted: string): void {
  const made = new Stack(app, 'Shop');
  const role = new iam.Role(made, 'Starter', {
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
  });
  role.addToPolicy(
    new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [granted] }),
  );
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['s3:GetBucketLocation'],
      resources: ['arn:aws:s3:::config'],
    }),
  );
  new ecs.CfnTaskDefinition(made, 'Task', {
    executionRoleArn: role.roleArn,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    containerDefinitions: [
      {
        name: 'web',
        image: 'public.ecr.aws/nginx/nginx:1',
        environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::config/web.env' }],
      },
    ],
  });
}

interface Outcome {
  readonly failed: boolean;
  readonly printed: string;
  readonly report: any;
}

/** Synthesizes as the CLI of the CDK has it done. */
function synthesized(
  granted: string,
  props: CopilotPreflightProps = {},
  attach: 'app' | 'validations' = 'app',
): Outcome {
  const plugin = new CopilotPreflight({ command: COMMAND, ...props });
  const app = new App({
    outdir,
    analyticsReporting: false,
    ...(attach === 'app' ? { policyValidationBeta1: [plugin] } : {}),
    // As the CLI of the CDK sets it.
    context: { 'aws:cdk:enable-path-metadata': true, '@aws-cdk/core:validationReportJson': true },
  });
  if (attach === 'validations') {
    Validations.of(app).addPlugins(plugin);
  }
  stack(app, granted);
  const printed: string[] = [];
  const keep = (...words: unknown[]) => void printed.push(words.join(' '));
  const [log, error] = [console.log, console.error];
  console.log = console.error = keep;
  let thrown = '';
  const before = process.exitCode;
  process.exitCode = undefined; // by it the CDK says that a validation failed
  try {
    app.synth();
  } catch (fault) {
    thrown = String(fault);
  } finally {
    [console.log, console.error] = [log, error];
  }
  const failed = thrown !== '' || (process.exitCode ?? 0) !== 0;
  process.exitCode = before;
  const file = readdirSync(outdir).find((it) => /validation-report\.json$/.test(it));
  return {
    failed,
    printed: [...printed, thrown].join('\n'),
    report: file && JSON.parse(readFileSync(path.join(outdir, file), 'utf8')),
  };
}

for (const attach of ['app', 'validations'] as const) {
  test(`a denied call fails the synthesis and names the construct (${attach})`, () => {
    const { failed, report } = synthesized('arn:aws:s3:::config/old.env', {}, attach);
    assert.equal(failed, true);
    const [own] = report.pluginReports.filter(
      (it: any) => (it.pluginName ?? it.summary?.pluginName) === 'copilot-preflight',
    );
    const found = own.violations.find((it: any) => it.ruleName === 'E9711 env-file-denied');
    assert.match(found.description, /may not s3:GetObject 'arn:aws:s3:::config\/web\.env'/);
    assert.equal(found.severity, 'error');
    const [construct] = found.violatingConstructs;
    assert.equal(construct.constructPath, 'Shop/Task');
    assert.match(JSON.stringify(construct), /\$\.Resources\.Task\.Properties\.ContainerDefinitions/);
    assert.match(found.ruleMetadata.related, /^Shop\/Starter\/Resource: /m);
    assert.match(found.ruleMetadata.call, /^s3:GetObject on arn:aws:s3:::config\/web\.env$/);
    assert.match(found.suggestedFix ?? found.fix, /^grant /);
  });

  test(`an allowed call passes (${attach})`, () => {
    const { failed, printed } = synthesized('arn:aws:s3:::config/*.env', {}, attach);
    assert.equal(failed, false, printed);
  });
}

test('options of the command hold', () => {
  const { failed } = synthesized('arn:aws:s3:::config/old.env', { args: ['--ignore', 'E97'] });
  assert.equal(failed, false);
});

test('a command that is not there fails the synthesis, and says how to install it', () => {
  const command = [path.join(outdir, 'no-such-command')];
  const { failed, printed, report } = synthesized('arn:aws:s3:::config/*.env', { command });
  assert.equal(failed, true);
  assert.match(printed + JSON.stringify(report), /pipx install copilot-preflight/);
});

test('what cannot be judged never passes', () => {
  const broken = synthesized('arn:aws:s3:::config/*.env', { args: ['--no-such-option'] });
  assert.equal(broken.failed, true);
  assert.match(broken.printed + JSON.stringify(broken.report), /could not judge the templates/);
  const command = [process.execPath, '-e', 'console.log("hello")', '--'];
  const other = synthesized('arn:aws:s3:::config/*.env', { command });
  assert.equal(other.failed, true);
  assert.match(other.printed + JSON.stringify(other.report), /printed no JSON/);
});
