import type { ArchiveStatus, StatusAnswer } from '../core/api.ts'

/** The node's figures in Prometheus' text format (prometheus.io, "Exposition formats", version 0.0.4). */
export function prometheus(
  { node, logs, sources, archive, refused }: StatusAnswer,
  totals: readonly { source: string; events: number }[],
): string {
  const lines: string[] = []
  const metric: Metric = (name, type, help, values) => {
    lines.push(`# HELP vibetea_${name} ${help}`, `# TYPE vibetea_${name} ${type}`)
    for (const [labels, value] of values) lines.push(`vibetea_${name}${labels} ${value}`)
  }
  metric('info', 'gauge', 'The running version.', [
    [label({ version: node.version, source: node.source }), 1],
  ])
  const held = totals.map(({ source, events }): [string, number] => [label({ source }), events])
  metric('events', 'gauge', 'Events in the index.', held)
  const perLog = (value: (log: (typeof logs)[number]) => number): [string, number][] =>
    logs.map((log) => [label({ source: log.source, kind: log.kind }), value(log)])
  metric(
    'log_blocks',
    'gauge',
    'Blocks in a log.',
    perLog(({ blocks }) => blocks),
  )
  metric(
    'log_bytes',
    'gauge',
    'Bytes in a log.',
    perLog(({ bytes }) => bytes),
  )
  metric(
    'log_behind_blocks',
    'gauge',
    'Blocks that are not indexed yet.',
    perLog(({ behind }) => behind),
  )
  const perAssistant = (value: (source: (typeof sources)[number]) => number): [string, number][] =>
    sources.map((source) => [label({ assistant: source.assistant }), value(source)])
  metric(
    'session_files',
    'gauge',
    'Session files that are followed.',
    perAssistant(({ files }) => files),
  )
  metric(
    'source_problems',
    'gauge',
    'Files that cannot be read.',
    perAssistant(({ problems }) => problems.length),
  )
  const reasons = Object.entries(refused).map(([reason, count]): [string, number] => [
    label({ reason }),
    count,
  ])
  metric('refused', 'gauge', 'Events and lines that were left out.', reasons)
  if (archive) archiveMetrics(archive, metric)
  return `${lines.join('\n')}\n`
}

type Metric = (
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  values: [labels: string, value: number][],
) => void

/** What is told where this node copies the team's logs into an archive; counters begin with the process. */
function archiveMetrics(archive: ArchiveStatus, metric: Metric): void {
  const { sent, inserted, rejected, behind, state, lastSuccessAt, held } = archive
  const one = (name: string, type: 'counter' | 'gauge', help: string, value: number) =>
    metric(`archive_${name}`, type, help, [['', value]])
  one('sent_total', 'counter', 'Events that the archive was sent and answered for.', sent)
  one('inserted_total', 'counter', 'Events that were new in the archive.', inserted)
  const errors = Object.entries(rejected).map(([error, count]): [string, number] => [label({ error }), count])
  metric('archive_rejected_total', 'counter', 'Events and batches that the archive left out.', errors)
  one('behind_blocks', 'gauge', 'Blocks that are here and not in the archive.', behind)
  const isFailing = state === 'retrying' || state === 'refused'
  one('failing', 'gauge', 'Whether the archive does not take what it is sent.', isFailing ? 1 : 0)
  one('held_logs', 'gauge', 'Logs that the archive does not take while it takes others.', held.length)
  if (lastSuccessAt === null) return
  const seconds = Math.floor(Date.parse(lastSuccessAt) / 1000)
  one('last_success_timestamp_seconds', 'gauge', 'When the archive last took something.', seconds)
}

function label(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`,
  )
  return `{${pairs.join(',')}}`
}
