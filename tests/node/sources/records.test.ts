import { describe, expect, test } from 'vitest'
import { claude } from '../../../node/sources/claude/adapter.ts'
import { FileIntake } from '../../../node/sources/file-intake.ts'
import type { Draft } from '../../../core/rule.ts'
import { recordsOn } from '../../../node/sources/records.ts'
import { HandClock } from './tail-rig.ts'

const line = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('A line of a session file', () => {
  test('is read in one go where each of its thousands of records must be whole', () => {
    const cwd = `/home/ada/${'kettle/'.repeat(100)}`
    const many = Buffer.from(`{"cwd":"${cwd}"}`.repeat(4000))
    const recordOf = ({ cwd }: Record<string, unknown>) => {
      const isCut = typeof cwd === 'string' && cwd.endsWith('\uffff')
      return { record: isCut ? null : cwd, isIncomplete: isCut }
    }

    expect(new Set(recordsOn(many, recordOf).records)).toEqual(new Set([cwd]))
    expect(recordsOn(many, recordOf).records).toHaveLength(4000)
  })

  test('may hold more calls than a function takes arguments', async () => {
    const recorded: Draft[] = []
    const intake = new FileIntake({
      adapter: claude,
      sessionIdOf: () => 'tea',
      record: (drafts) => {
        for (const draft of drafts) recorded.push(draft)
        return Promise.resolve()
      },
      onLocal: () => undefined,
      dealtWith: () => undefined,
      onError: (error) => {
        throw error
      },
      timers: new HandClock(),
    })
    const content = Array.from({ length: 200_000 }, (_, i) => ({
      type: 'tool_use',
      id: `${i}`,
      name: 'Read',
    }))
    const message = { role: 'assistant', id: 'm', model: 'x', content }
    const bytes = line({ type: 'assistant', timestamp: '2026-03-14T15:00:00.000Z', message })

    intake.begin('tea.jsonl', 0)
    await intake.lines('tea.jsonl', [{ start: 0, bytes }], true)
    intake.forget('tea.jsonl')

    expect(recorded).toHaveLength(200_000)
  })
})
