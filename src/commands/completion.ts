import type { Command, Option } from 'commander';
import { entriesOf } from '../explain/page.ts';
import { hops } from '../model/check.ts';
import { viewNames } from '../model/pipeline.ts';
import { pipelines } from '../pipelines/index.ts';
import { formatNames } from '../report/formats.ts';
import type { Shell } from './shell.ts';
import { unknownName } from './usage-error.ts';

/** What can follow: the words of a command, its flags, and the values of a flag. */
interface Words {
  readonly commands: readonly {
    readonly name: string;
    readonly text: string;
    readonly words: readonly string[];
    readonly flags: readonly string[];
  }[];
  readonly values: Readonly<Record<string, readonly string[]>>;
}

const scripts: Readonly<Record<string, (words: Words) => string>> = { bash, zsh, fish };

/** `tokmeter completion`: a script to be sourced, made from the commands, flags, checks and formats that there are. */
export async function completion(name: string, program: Command, shell: Shell): Promise<number> {
  const script = scripts[name];
  if (script === undefined) throw unknownName('shell', name, Object.keys(scripts));
  await shell.write(script(wordsOf(program)));
  return 0;
}

function wordsOf(program: Command): Words {
  const ids = entriesOf(pipelines).map(({ check }) => check.id);
  const words: Readonly<Record<string, readonly string[]>> = {
    get: viewNames,
    explain: ids,
    completion: Object.keys(scripts),
    help: program.commands.map((command) => command.name()),
  };
  const chosen = [...hops, ...ids];
  return {
    commands: program.commands.map((command) => ({
      name: command.name(),
      text: command.description(),
      words: words[command.name()] ?? [],
      flags: [...command.options.flatMap(longOf), '--help'],
    })),
    values: {
      '-o': formatNames,
      '--output': formatNames,
      '--include': chosen,
      '--exclude': chosen,
      '--ignore': ids,
      '--pipeline': ['auto', ...pipelines.map(({ id }) => id)],
      '--fail-on': ['fail', 'warn'],
      '--color': ['auto', 'always', 'never'],
      '--via': ['auto', 'port-forward', 'proxy', 'direct'],
    },
  };
}

const longOf = ({ long }: Option): readonly string[] => (long ? [long] : []);

function bash({ commands, values }: Words): string {
  const cases = Object.entries(values).map(
    ([flag, words]) => `    ${flag}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur")); return ;;`,
  );
  const own = commands.map(({ name, words, flags }) => `    ${name}) words="${[...words, ...flags].join(' ')}" ;;`);
  return `# source <(tokmeter completion bash)
_tokmeter() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words
  case "$previous" in
${cases.join('\n')}
    --kubeconfig|--config|--from|--manifests|--file|-f|--prometheus-token-file|--metrics-token-file|--grafana-token-file|--certificate-authority|--client-certificate|--client-key) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${own.join('\n')}
    *) words="${commands.map(({ name }) => name).join(' ')} --help" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(' ')} --help"; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _tokmeter tokmeter
`;
}

function zsh({ commands, values }: Words): string {
  const described = commands.map(({ name, text }) => `    '${name}:${quoted(text).replaceAll(':', '\\:')}'`);
  const cases = Object.entries(values).map(([flag, words]) => `    ${flag}) compadd -- ${words.join(' ')}; return ;;`);
  const own = commands.map(({ name, words, flags }) => `    ${name}) compadd -- ${[...words, ...flags].join(' ')} ;;`);
  return `#compdef tokmeter
# source <(tokmeter completion zsh)
_tokmeter() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[CURRENT-1]" in
${cases.join('\n')}
    --kubeconfig|--config|--from|--manifests|--file|-f|--prometheus-token-file|--metrics-token-file|--grafana-token-file|--certificate-authority|--client-certificate|--client-key) _files; return ;;
  esac
  case "$words[2]" in
${own.join('\n')}
  esac
}
compdef _tokmeter tokmeter
`;
}

function fish({ commands, values }: Words): string {
  const own = commands.flatMap(({ name, text, words, flags }) => [
    `complete -c tokmeter -n __fish_use_subcommand -f -a ${name} -d '${quoted(text)}'`,
    ...(words.length > 0 ? [`complete -c tokmeter -n '__fish_seen_subcommand_from ${name}' -f -a '${words.join(' ')}'`] : []),
    ...flags.map((flag) => {
      const choices = values[flag];
      const takes = choices === undefined ? '' : ` -x -a '${choices.join(' ')}'`;
      return `complete -c tokmeter -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${takes}`;
    }),
  ]);
  return `# tokmeter completion fish | source\n${own.join('\n')}\n`;
}

/** Inside single quotes. */
const quoted = (text: string): string => text.replaceAll("'", '’');
