import { Argument, Command, CommanderError, Option } from 'commander'
import { VERSION } from '../version.ts'
import type { Context } from './command.ts'
import type { ArchiveFlags } from './archive.ts'
import { Cancelled, UsageError } from './ends.ts'
import type { CreateFlags } from './create.ts'
import type { HookAction } from './hooks.ts'
import type { InviteFlags } from './invite.ts'
import type { JoinFlags } from './join.ts'
import type { Served } from './run-archive.ts'
import type { StartFlags } from './start.ts'

/** Wrong usage: an unknown command or option, a missing argument. */
const WRONG_USAGE = 2
/** What shells give for a command that Ctrl-C ended. */
const INTERRUPTED = 130

/** Runs one command line, without `node` and the program's name; the exit code. Throws VibeTeaError. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  let code = 0
  const program = commands(context, (value) => (code = value))
  const isBare =
    args[0] === undefined || (args[0].startsWith('-') && !/^(-h|--help|-V|--version)$/.test(args[0]))
  try {
    await program.parseAsync(isBare ? ['start', ...args] : [...args], { from: 'user' })
  } catch (error) {
    if (error instanceof UsageError || error instanceof Cancelled) {
      context.err(error.sentence)
      return error instanceof UsageError ? WRONG_USAGE : INTERRUPTED
    }
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : WRONG_USAGE
  }
  return code
}

/** All commands; `exit` takes a code. What a command needs is loaded when it runs: most need little. */
export function commands(context: Context, exit: (code: number) => void): Command {
  const program = new Command('vibetea')
    .description('See who on your team is brewing what with AI coding assistants.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => context.out(text.trimEnd()),
      writeErr: (text) => context.err(text.trimEnd()),
    })
    .addHelpText('after', '\nWithout a command: vibetea start.')
  const add = (name: string, description: string) =>
    program.command(name).description(description).allowExcessArguments(false)

  add('start', 'run the node and open its dashboard')
    .option('--port <number>', 'port of the dashboard; 0 picks one (default: VIBETEA_PORT or 8832)')
    .option('--no-open', 'do not open the dashboard')
    .option('--archive', "copy the team's logs into its archive, too (VIBETEA_SUPABASE_URL)")
    .action(async (flags: StartFlags) => {
      const { start } = await import('./start.ts')
      exit(await start(context, flags))
    })
  const entering = (command: Command) =>
    command
      .option('--share <projects>', 'what to share: all, none, or names of projects with commas between them')
      .option('--backfill <time>', 'share what happened before, too: 30d')
      .option('--name <name>', 'the name that teammates see')
  entering(add('create', 'make a team and print its key'))
    .argument('[name]', 'how the team is called')
    .option('--qr', 'the key as a code for a camera, too')
    .option('--json', 'as JSON, without a question')
    .action(async (name: string | undefined, flags: CreateFlags) => {
      const { recentProjects } = await import('../recent-projects.ts')
      await (await import('./create.ts')).create(context, name, flags, recentProjects)
    })
  entering(add('join', 'enter a team and run the node; says what teammates will see, and asks'))
    .argument(
      '[key]',
      'the team key; - reads it from stdin; without it VIBETEA_TEAM_KEY counts, or it is asked for',
    )
    .option('--no-start', 'do not run the node')
    .action(async (key: string | undefined, flags: JoinFlags) => {
      const { lookAtTeam } = await import('./look.ts')
      const { recentProjects } = await import('../recent-projects.ts')
      const start = async () => (await import('./start.ts')).start(context, { open: context.isInteractive })
      exit(
        await (
          await import('./join.ts')
        ).join(context, key, flags, { peek: lookAtTeam, recentProjects, start }),
      )
    })
  add('archive', "serve a team on a machine that stays on, and copy its logs into the team's archive")
    .argument('[key]', 'a read-only or mirror key, as for join; kept, so that later starts need none')
    .option('--once', 'archive what is new, and end')
    .option('--name <name>', "the name that teammates see (default: VIBETEA_SOURCE_ID or the host's name)")
    .option('--port <number>', 'port of the dashboard; 0 picks one (default: VIBETEA_PORT or 8832)')
    .addHelpText('after', ARCHIVE_HELP)
    .action(async (key: string | undefined, flags: ArchiveFlags) => {
      const { runArchive } = await import('./run-archive.ts')
      const run = (served: Served) => runArchive(context, served)
      exit(await (await import('./archive.ts')).archive(context, key, flags, run))
    })
  add('leave', 'leave the team')
    .option('--yes', 'without a question')
    .action(async (flags: { yes?: boolean }) => {
      const { leaveTeam } = await import('../team-life.ts')
      exit(await (await import('./leave.ts')).leave(context, flags, leaveTeam))
    })
  add('members', 'who is in the team, who watches, and how each is reached')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => (await import('./members.ts')).members(context, flags))
  add('invite', 'print a key to hand out')
    .option('--read-only', 'one with which people only watch')
    .addOption(
      new Option('--mirror', 'one for a server that passes logs on and reads none').conflicts('readOnly'),
    )
    .option('--qr', 'as a code for a camera, too')
    .option('--json', 'as JSON')
    .action(async (flags: InviteFlags) => (await import('./invite.ts')).invite(context, flags))
  add('open', 'open the dashboard of the running node')
    .option('--print', 'print a one-time address instead, good for 60 seconds')
    .action(async (flags: { print?: boolean }) => (await import('./open.ts')).open(context, flags))
  add('status', 'how the node is, and what it cannot read')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => (await import('./status.ts')).status(context, flags))
  add('who', 'who works on what, and who waits for a person since when')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => (await import('./who.ts')).who(context, flags))
  add('tail', 'the live feed')
    .option('--project <names>', 'only these projects, comma-separated')
    .option('--source <names>', 'only these sources')
    .option('--type <names>', 'only these event types')
    .option('-n, --lines <count>', 'begin with so many events from before (default: 10, with --json 0)')
    .option('--json', 'one event a line')
    .action(async (flags: TailFlags) => (await import('./tail.ts')).tail(context, flags))
  add('preview', 'the events that session files give; sends nothing')
    .argument('[path...]', 'session files or folders (default: all sessions of this machine)')
    .option('--json', 'one event a line')
    .action(async (paths: string[], flags: { json?: boolean }) => {
      const { preview } = await import('./preview.ts')
      exit(await preview(context, paths, flags))
    })
  add('outbox', 'what left this machine, exactly as it was sent')
    .option('--limit <count>', 'the last so many events', '200')
    .option('--json', 'as JSON')
    .action(async (flags: { limit: string; json?: boolean }) =>
      (await import('./outbox.ts')).outbox(context, flags),
    )
  for (const sharing of ['share', 'private', 'exclude'] as const) {
    add(sharing, SHARING_HELP[sharing])
      .argument('<project>', 'name of a project, or name~tag')
      .action(async (project: string) => (await import('./sharing.ts')).setSharing(context, sharing, project))
  }
  add('pause', 'record nothing, for a while or until `vibetea resume`')
    .argument('[duration]', 'such as 30m or 1h')
    .action(async (duration?: string) => (await import('./sharing.ts')).pause(context, duration))
  add('resume', 'record again').action(async () => (await import('./sharing.ts')).resume(context))
  add('hooks', "have Claude Code tell at once when a session opens, ends or waits; in its user's settings")
    .addArgument(new Argument('<action>', 'what to do').choices(['install', 'uninstall', 'status']))
    .option('--json', 'as JSON')
    .action(async (action: HookAction, flags: { json?: boolean }) =>
      (await import('./hooks.ts')).hooks(context, action, flags),
    )
  add('export', 'write what this node holds to the standard output')
    .option('--format <format>', 'ndjson or csv', 'ndjson')
    .option('--from <time>', 'a date or time, inclusive')
    .option('--to <time>', 'a date or time, exclusive')
    .action(async (flags: { format: string; from?: string; to?: string }) =>
      (await import('./export.ts')).exportEvents(context, flags),
    )
  add('demo', 'a team of six on this machine alone, at work on made-up sessions')
    .option('--port <number>', 'port of the dashboard (default: a free one)')
    .option('--no-open', 'do not open the dashboard')
    .action(async (flags: { port?: string; open: boolean }) => {
      const { demo } = await import('./demo.ts')
      exit(await demo(context, flags))
    })
  add('bootstrap', 'run a bootstrap node of your own, for networks without internet')
    .option('--port <number>', 'its UDP port', '49737')
    .option('--host <address>', 'the address that it listens on', '0.0.0.0')
    .action(async (flags: { port?: string; host?: string }) => {
      const { bootstrap } = await import('./bootstrap.ts')
      exit(await bootstrap(context, flags))
    })
  add('doctor', 'check this machine and say what to mend')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { doctor } = await import('./doctor.ts')
      exit(await doctor(context, flags))
    })
  return program
}

const ARCHIVE_HELP = `
The key is read from where join reads it: the argument, which others on this machine can see, - for stdin,
VIBETEA_TEAM_KEY, or the file that VIBETEA_TEAM_KEY_FILE names. No session of this machine is watched.
Without VIBETEA_SUPABASE_URL it archives nothing, but keeps the team's logs, indexed, and serves them.`

export interface TailFlags {
  project?: string
  source?: string
  type?: string
  lines?: string
  json?: boolean
}

const SHARING_HELP = {
  share: 'let the team see a project from now on',
  private: 'record a project for yourself alone',
  exclude: 'do not record a project',
}
