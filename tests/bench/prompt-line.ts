/** The n-th prompt of a session as Claude Code writes it: `startedAt` (ms since 1970) + n ms, by which it is known. */
export function promptLine(sessionId: string, n: number, startedAt: number): string {
  const record = {
    type: 'user',
    sessionId,
    cwd: '/code/web-app',
    uuid: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    timestamp: new Date(startedAt + n).toISOString(),
    message: { role: 'user', content: `brew number ${n}` },
  }
  return `${JSON.stringify(record)}\n`
}
