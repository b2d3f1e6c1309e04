/**
 * A validation plugin for the CDK: after synthesis it has the installed command check the templates,
 * and reports what it finds with the constructs that the resources come from.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type {
  IPolicyValidationContextBeta1,
  IPolicyValidationPluginBeta1,
  PolicyValidationPluginReportBeta1,
  PolicyViolatingResourceBeta1,
  PolicyViolationBeta1,
} from 'aws-cdk-lib';

export interface CopilotPreflightProps {
  /**
   * The command, and arguments before those of the plugin.
   *
   * @default - copilot-preflight, from the PATH
   */
  readonly command?: readonly string[];

  /**
   * More options of `copilot-preflight check`, such as `['--region', 'eu-west-1']`.
   *
   * @default - none; a .copilot-preflight.yml up from the current folder holds as it does elsewhere
   */
  readonly args?: readonly string[];
}

/** A violating resource; newer versions of the CDK take the construct's path from here. */
interface ViolatingResource extends PolicyViolatingResourceBeta1 {
  readonly constructPath?: string;
}

/** What of the JSON report, version 1, is of use here. */
interface Place {
  readonly file: string;
  readonly path: string;
}

interface Finding extends Place {
  readonly rule: string;
  readonly name: string;
  readonly severity: string;
  readonly message: string;
  readonly help?: string | null;
  readonly url: string;
  readonly cause: string | null;
  readonly call: { principal: string; action: string; resource: string } | null;
  readonly related: readonly (Place & { readonly message: string })[];
}

interface Report {
  readonly version: number;
  readonly tool: { readonly version: string };
  readonly findings: readonly Finding[];
}

const RESOURCE = /^\$\.Resources\.([A-Za-z0-9]+)(?:\.|(?=\[)|$)/;
const CLEAN = 0;
const FINDINGS = 1;

/** `new App({ policyValidationBeta1: [new CopilotPreflight()] })`, or `Validations.of(app)`. */
export class CopilotPreflight implements IPolicyValidationPluginBeta1 {
  public readonly name = 'copilot-preflight';

  private readonly command: readonly string[];
  private readonly args: readonly string[];

  constructor(props: CopilotPreflightProps = {}) {
    this.command = props.command ?? ['copilot-preflight'];
    this.args = props.args ?? [];
  }

  /**
   * Checks the templates of an app together, as they know each other.
   *
   * Throws where the command cannot run or could not judge a template: the CDK then says so, and the
   * synthesis fails.
   */
  public validate(context: IPolicyValidationContextBeta1): PolicyValidationPluginReportBeta1 {
    if (context.templatePaths.length === 0) {
      return { success: true, violations: [] };
    }
    const { report, status } = this.check(context.templatePaths);
    const templates = new Templates(context.templatePaths);
    return {
      success: status === CLEAN,
      pluginVersion: report.tool.version,
      violations: report.findings.map((finding) => violation(finding, templates)),
    };
  }

  private check(templates: readonly string[]): { report: Report; status: number } {
    const [program, ...first] = this.command;
    if (program === undefined) {
      throw new Error("'command' is empty: name the program");
    }
    const args = [...first, 'check', '--format', 'json', ...this.args, '--', ...templates];
    const done = spawnSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, PYTHONUTF8: '1' },
      maxBuffer: 1 << 30,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    if (done.error) {
      throw new Error(
        `cannot run '${program}': ${done.error.message}: install it with ` +
          "'pipx install copilot-preflight', or name it as 'command'",
      );
    }
    if (done.status !== CLEAN && done.status !== FINDINGS) {
      const said = done.stderr.trim() || `it ended with ${done.status ?? done.signal}`;
      throw new Error(`${program} could not judge the templates: ${said}`);
    }
    return { report: parsed(done.stdout, program), status: done.status };
  }
}

function parsed(text: string, program: string): Report {
  let report: Report;
  try {
    report = JSON.parse(text) as Report;
  } catch {
    throw new Error(`'${program}' printed no JSON: is it copilot-preflight?`);
  }
  if (report.version !== 1) {
    throw new Error(`'${program}' printed version ${report.version} of its report, this reads 1`);
  }
  return report;
}

function violation(finding: Finding, templates: Templates): PolicyViolationBeta1 {
  const related = finding.related.map((it) => `${templates.named(it)}: ${it.message}`);
  const call = finding.call && `${finding.call.action} on ${finding.call.resource}`;
  return {
    ruleName: `${finding.rule} ${finding.name}`,
    description: finding.message,
    severity: finding.severity,
    ...(finding.help ? { fix: finding.help } : {}),
    ruleMetadata: {
      url: finding.url,
      ...(call ? { call } : {}),
      ...(finding.cause ? { cause: finding.cause } : {}),
      ...(related.length ? { related: related.join('\n') } : {}),
    },
    violatingResources: [templates.resource(finding)],
  };
}

/** The templates of an app, each read when something of it is asked for. */
class Templates {
  private readonly paths: ReadonlyMap<string, string>;
  private readonly read = new Map<string, any>();

  /** The CDK knows a template by the very path that it gave. */
  constructor(paths: readonly string[]) {
    this.paths = new Map(paths.map((it) => [path.resolve(it), it]));
  }

  public resource(place: Place): ViolatingResource {
    const templatePath = this.paths.get(path.resolve(place.file)) ?? place.file;
    const logicalId = RESOURCE.exec(place.path)?.[1];
    const constructPath = this.constructPath(place);
    return {
      resourceLogicalId: logicalId ?? 'N/A',
      templatePath,
      locations: [place.path],
      ...(constructPath === undefined ? {} : { constructPath }),
    };
  }

  /** A place as somebody who writes constructs knows it. */
  public named(place: Place): string {
    return this.constructPath(place) ?? `${place.file} ${place.path}`;
  }

  private constructPath(place: Place): string | undefined {
    const logicalId = RESOURCE.exec(place.path)?.[1];
    if (logicalId === undefined || !this.paths.has(path.resolve(place.file))) {
      return undefined;
    }
    const found = this.template(place.file)?.Resources?.[logicalId]?.Metadata?.['aws:cdk:path'];
    return typeof found === 'string' ? found : undefined;
  }

  private template(file: string): any {
    const where = path.resolve(file);
    if (!this.read.has(where)) {
      this.read.set(where, loaded(where));
    }
    return this.read.get(where);
  }
}

function loaded(file: string): any {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // without its metadata a place is named by its path in the template
  }
}
