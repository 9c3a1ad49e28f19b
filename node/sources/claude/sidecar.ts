import { basename, dirname, join } from 'node:path'
import { bytesBeside } from '../beside.ts'
import { Texts } from '../fields.ts'
import { parseWholeLine } from '../json-line.ts'

/** A sidecar has a few short fields; the longest, of which nothing is taken, says what the subagent is to do. */
const MAX_BYTES = 64 * 1024
/** Ids become names of files here. */
const NAME = /^[\w@.-]{1,128}$/

/**
 * The kind of a subagent as `agent-<id>.meta.json` has it, which newer versions write beside the subagent's own file;
 * undefined where there is none. `path`: of the file that tells of the subagent, its own or its caller's. Known from real
 * files, and from how claude-agent-sdk-python keeps sidecars (`_read_agent_metadata_sidecar`).
 */
export function agentTypeBeside(path: string, agentId: string): string | undefined {
  if (!NAME.test(agentId)) return undefined
  const bytes = bytesBeside(join(subagentsOf(path), `agent-${agentId}.meta.json`), MAX_BYTES)
  const [fields] = bytes ? parseWholeLine(bytes).records : []
  return new Texts().take(fields?.agentType) ?? undefined
}

/** Where the subagents lie that a file tells of: of a subagent's file, itself and those that it calls. */
function subagentsOf(path: string): string {
  const name = basename(path)
  if (name.startsWith('agent-')) return dirname(path)
  return join(dirname(path), name.replace(/\.jsonl$/, ''), 'subagents')
}
