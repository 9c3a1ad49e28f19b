import type { Fact } from '../../../core/rule.ts'
import type { Call } from './record.ts'

/** What a call tells, each thing under a name of its own, as calls are written again when they grow. */
export interface Told {
  name: string
  at: number
  fact: Fact
}

/** What a call of a message tells: that it began, how it ended, and the subagent that it was. */
export function toldBy(call: Call, messageAt: number, isSubagent: boolean): Told[] {
  const { callId, tool, path, status, agentId, agentType } = call
  const at = call.at ?? messageAt
  // A message that was made for its calls is written after them.
  const startedAt = Math.min(at, messageAt)
  const fact: Fact = { type: 'tool', tool, callId, status: 'started', ...(path !== undefined && { path }) }
  const told: Told[] = [{ name: `${callId} started`, at: startedAt, fact }]
  if (call.awaitsApproval && !isSubagent) {
    told.push({
      name: `${callId} waiting`,
      at,
      fact: { type: 'waiting', reason: 'permission', after: callId },
    })
  }
  if (status === 'started') return told
  told.push({ name: `${callId} ${status}`, at, fact: { ...fact, status } })
  if (agentId === undefined) return told
  const agent = { type: 'agent', agentId, ...(agentType !== undefined && { agentType }) } as const
  told.push({ name: `${agentId} started`, at: startedAt, fact: { ...agent, state: 'started' } })
  told.push({ name: `${agentId} finished`, at, fact: { ...agent, state: 'finished' } })
  return told
}
