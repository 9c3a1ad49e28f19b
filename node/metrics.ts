import type { StatusAnswer } from '../core/api.ts'

/** The node's figures in Prometheus' text format (prometheus.io, "Exposition formats", version 0.0.4). */
export function prometheus(
  { node, logs, sources, refused }: StatusAnswer,
  totals: readonly { source: string; events: number }[],
): string {
  const lines: string[] = []
  const metric = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    values: [labels: string, value: number][],
  ) => {
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
  return `${lines.join('\n')}\n`
}

function label(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`,
  )
  return `{${pairs.join(',')}}`
}
