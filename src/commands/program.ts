import { Argument, Command } from 'commander';
import { viewNames } from '../model/pipeline.ts';
import type { CollectFlags, DemoFlags, DoctorFlags, FixFlags, GetFlags } from './flags.ts';
import { withCollectOptions, withDemoOptions, withDoctorOptions, withFixOptions, withGetOptions, withUsageOptions } from './options.ts';
import type { RbacFlags } from './rbac.ts';
import type { Shell } from './shell.ts';
import type { UsageFlags } from './usage-flags.ts';

const examples = (program: string): string => `
Examples:
  # Which link of the chain broke?
  ${program} doctor

  # A smoke test after a rollout, with a report for CI
  ${program} doctor --wait=5m -o table -o junit=report.xml

  # The tables behind the verdicts
  ${program} get proxies

  # Record what doctor reads, and judge it elsewhere
  ${program} collect -f bundle.tgz
  ${program} doctor --from bundle.tgz

  # See it work without a cluster
  ${program} demo

Exit codes: 0 sound, 1 broken, 2 could not look, 3 warnings with --fail-on warn, 64 wrong usage, 70 a bug, 124 timeout, 130/143 interrupted`;

/** The commander program. Every command loads only when it runs, so that --help loads none. */
export function programOf(shell: Shell, done: (code: number) => void): Command {
  const program = new Command(shell.program)
    .description('Is every LLM token counted once, under the right name, for the right tenant, all the way to the bill?')
    .helpCommand('help [command]', 'shows the help of a command')
    .helpOption('-h, --help', 'shows this help')
    .version(shell.version, '--version', 'shows the version')
    .configureHelp({ helpWidth: 80, minWidthToWrap: 20 })
    .addHelpText('after', () => examples(shell.program))
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  addDoctor(program, shell, done);
  addGet(program, shell, done);
  addUsage(program, shell, done);
  addExplain(program, shell, done);
  addFix(program, shell, done);
  addCollect(program, shell, done);
  addServe(program, shell, done);
  addDemo(program, shell, done);
  addRbac(program, shell, done);
  addCompletion(program, shell, done);
  addVersion(program, shell, done);
  return program;
}

type Add = (program: Command, shell: Shell, done: (code: number) => void) => void;

const addDoctor: Add = (program, shell, done) => {
  const command = program
    .command('doctor')
    .description('judges every link of the chain, in data-path order, and names the first broken one');
  withDoctorOptions(command).action(async (_flags: DoctorFlags, self: Command) => {
    const flags = await configured<DoctorFlags>(self);
    const { doctor } = await import('./doctor.ts');
    done(await doctor(flags, shell));
  });
};

const addGet: Add = (program, shell, done) => {
  const command = program.command('get').description('the tables behind the verdicts').argument('<table>', viewNames.join(', '));
  withGetOptions(command).action(async (name: string, _flags: GetFlags, self: Command) => {
    const flags = await configured<GetFlags>(self);
    const { get } = await import('./get.ts');
    done(await get(name, flags, shell));
  });
};

const addUsage: Add = (program, shell, done) => {
  const command = program.command('usage').description('who used how many tokens, and whether the number can be trusted');
  withUsageOptions(command).action(async (_flags: UsageFlags, self: Command) => {
    const flags = await configured<UsageFlags>(self);
    const { usage } = await import('./usage.ts');
    done(await usage(flags, shell));
  });
};

const addExplain: Add = (program, shell, done) => {
  program
    .command('explain')
    .description('what a check means, why it matters, how to mend it; without ID the whole table')
    .argument('[id]', 'the id of a check')
    .option('--color <when>', 'auto, always or never', 'auto')
    .action(async (id: string | undefined, flags: { readonly color: string }) => {
      const { explain } = await import('./explain.ts');
      done(await explain(id ?? null, flags, shell));
    });
};

const addFix: Add = (program, shell, done) => {
  const command = program
    .command('fix')
    .description('the manifests, patches and commands that mend what doctor found; applies nothing')
    .argument('[id...]', 'ids of checks; without any, every root');
  withFixOptions(command).action(async (ids: readonly string[], _flags: FixFlags, self: Command) => {
    const flags = await configured<FixFlags>(self);
    const { fix } = await import('./fix.ts');
    done(await fix(ids, flags, shell));
  });
};

const addCollect: Add = (program, shell, done) => {
  const command = program.command('collect').description('records what doctor reads into one bundle, without secrets');
  withCollectOptions(command).action(async (_flags: CollectFlags, self: Command) => {
    const { collect } = await import('./collect.ts');
    done(await collect(await configured<CollectFlags>(self), shell));
  });
};

const addServe: Add = (program, shell, done) => {
  program
    .command('serve')
    .description('serves a bundle as an API server for kubectl')
    .argument('<file>', 'a bundle of tokmeter collect')
    .action(async (file: string) => {
      const { serve } = await import('./serve.ts');
      done(await serve(file, shell));
    });
};

const addDemo: Add = (program, shell, done) => {
  const command = program
    .command('demo')
    .description('runs doctor on an embedded cluster; no Kubernetes needed')
    .argument('[world]', 'what is wrong with it; --list names them');
  withDemoOptions(command).action(async (world: string | undefined, _flags: DemoFlags, self: Command) => {
    const { demo } = await import('./demo.ts');
    done(await demo(world ?? null, await configured<DemoFlags>(self), shell));
  });
};

const addRbac: Add = (program, shell, done) => {
  program
    .command('rbac')
    .description('the minimal ClusterRole, as YAML')
    .option('--name <name>', 'the name of the ClusterRole', 'tokmeter')
    .option('--service-account <namespace/name>', 'binds it to this service account')
    .option('--via <way>', 'how pod ports are reached: port-forward or proxy', 'port-forward')
    .option('--secret-names', 'with what --secret-names takes')
    .option('--logs', 'with what --logs takes')
    .action(async (flags: RbacFlags) => {
      const { rbac } = await import('./rbac.ts');
      done(await rbac(flags, shell));
    });
};

const addCompletion: Add = (program, shell, done) => {
  program
    .command('completion')
    .description('a completion script for your shell')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish'))
    .action(async (name: string) => {
      const { completion } = await import('./completion.ts');
      done(await completion(name, program, shell));
    });
};

const addVersion: Add = (program, shell, done) => {
  program
    .command('version')
    .description('the version of this program')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (flags: { readonly output: string }) => {
      const { version } = await import('./version.ts');
      done(await version(flags, shell));
    });
};

/** The flags of a command after --config, whose file fills in what the command line leaves open. A bundle among them begins to be read. */
async function configured<T>(command: Command): Promise<T> {
  const { config: file, from: bundle }: { readonly config?: unknown; readonly from?: unknown } = command.opts();
  if (typeof file === 'string') {
    const { applyConfig } = await import('./config.ts');
    await applyConfig(command, file);
  }
  if (typeof bundle === 'string') {
    const { readAhead } = await import('./bundle.ts');
    readAhead(bundle);
  }
  return command.opts() as T;
}
